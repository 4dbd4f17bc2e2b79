// SPDX-License-Identifier: Apache-2.0
#include <lamina/formats/sha256.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace lamina;

namespace {
std::string digest_of(std::string_view text) { return sha256_hex(std::as_bytes(std::span(text))); }
}  // namespace

TEST_CASE("sha256: the examples of FIPS 180-4") {
  CHECK(digest_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digest_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(digest_of(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256: pieces and blocks do not matter") {
  const std::string text =
      "a stream of 150 or so bytes, cut at every place, must have the digest of the whole, whether a "
      "cut meets the end of a 64-byte block or not; so say we";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    sha256 digest;
    digest.update(std::as_bytes(std::span(text).first(cut)));
    digest.hex();
    digest.update(std::as_bytes(std::span(text).subspan(cut)));
    CHECK(digest.hex() == digest_of(text));
  }
}
