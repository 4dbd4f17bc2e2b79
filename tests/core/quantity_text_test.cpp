// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/quantity_text.hpp>

#include <doctest/doctest.h>

using namespace lamina;

TEST_CASE("an amount of memory as people write it") {
  CHECK(bytes_from_text("123456") == 123456);
  CHECK(bytes_from_text("800M") == 800000000);
  CHECK(bytes_from_text("1.5G") == 1500000000);
  CHECK(bytes_from_text("1G") == 1000000000);
  CHECK(bytes_from_text("64 KiB") == 65536);
  CHECK(bytes_from_text("2Gi") == std::size_t{2} << 30);
  CHECK(bytes_from_text("0.1Ti") == 109951162777);
  CHECK(bytes_from_text("7kB") == 7000);
  CHECK(bytes_from_text("1.1k") == 1100);
  CHECK(bytes_from_text("12B") == 12);
  for (const char* text : {"", "M", "-5M", "5X", "5MM", "5Mib5", "1e3M", "0", "0.2", "i", "5i", "5 i", "nan", "inf",
                           "1.5.2G", "0x10", "99999999999T", "lots", "5M ", "+5M"})
    CHECK_MESSAGE(!bytes_from_text(text), text);
}

TEST_CASE("durations and amounts as programs write them") {
  CHECK(detail::clock_text(75) == "1:15");
  CHECK(detail::clock_text(4000) == "1:06:40");
  CHECK(detail::bytes_text(1234567) == "1.2 MB");
}
