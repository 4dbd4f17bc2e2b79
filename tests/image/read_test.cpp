// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/read.hpp>
#include <lamina/image/write.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"

#include <fstream>

using namespace lamina;
using namespace lamina::testing;

namespace {

using bytes = std::vector<std::byte>;

bytes bytes_from(std::string_view text) {
  const auto span = std::as_bytes(std::span(text));
  return {span.begin(), span.end()};
}
std::string little_endian(std::uint64_t value, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text.push_back(i < 8 ? static_cast<char>(value >> (8 * i) & 255) : '\0');
  return text;
}
/// A BMP file with a 40-byte header; `rest` is palette and rows.
bytes bmp_file(std::uint32_t width, std::uint32_t height, unsigned depth, std::uint32_t compression,
               std::string_view rest, std::uint32_t pixels_at = 54) {
  return bytes_from("BM" + little_endian(0, 8) + little_endian(pixels_at, 4) + little_endian(40, 4) +
                    little_endian(width, 4) + little_endian(height, 4) + little_endian(1, 2) + little_endian(depth, 2) +
                    little_endian(compression, 4) + little_endian(0, 20) + std::string(rest));
}
tensor<std::uint8_t> gradient_image(shape extents) {
  tensor<std::uint8_t> x(extents);
  const auto [N, H, W, C] = extents;
  for (index_t h = 0; h < H; ++h)
    for (index_t w = 0; w < W; ++w)
      for (index_t c = 0; c < C; ++c)
        x(0, h, w, c) = static_cast<std::uint8_t>((h * 200 / H + w * 50 / W + 20 * c) % 256);
  return x;
}
double mean_difference(view<const std::uint8_t> a, view<const std::uint8_t> b) {
  REQUIRE(a.extents() == b.extents());
  const auto x = copy_of(a), y = copy_of(b);
  double sum = 0;
  for (index_t i = 0; i < x.size(); ++i) sum += std::abs(x[i] - y[i]);
  return sum / static_cast<double>(x.size());
}
/// `jpeg` with an EXIF block that says `orientation`.
bytes with_orientation(const bytes& jpeg, char orientation, bool little) {
  const std::string entry =
      little ? std::string("\x12\x01\x03\x00\x01\x00\x00\x00", 8) + orientation + std::string(3, '\0')
             : std::string("\x01\x12\x00\x03\x00\x00\x00\x01\x00", 9) + orientation + std::string(2, '\0');
  const std::string tiff = little ? std::string("II\x2a\x00\x08\x00\x00\x00\x01\x00", 10)
                                  : std::string("MM\x00\x2a\x00\x00\x00\x08\x00\x01", 10);
  const std::string payload = std::string("Exif\0\0", 6) + tiff + entry + std::string(4, '\0');
  bytes result(jpeg.begin(), jpeg.begin() + 2);
  const bytes segment = bytes_from("\xff\xe1" + std::string(1, '\0') + static_cast<char>(payload.size() + 2) + payload);
  result.insert(result.end(), segment.begin(), segment.end());
  result.insert(result.end(), jpeg.begin() + 2, jpeg.end());
  return result;
}

}  // namespace

TEST_CASE("read: what write_png wrote comes back bit by bit") {
  const temporary_folder folder;
  for (const index_t C : {1, 3, 4}) {
    const auto x = gradient_image({1, 13, 7, C});
    write_png(folder.path() / "x.png", x.view());
    const auto y = read_image(folder.path() / "x.png");
    CHECK(same_bits<std::uint8_t>(x.view(), y.view()));
    const image_info info = probe_image(folder.path() / "x.png");
    CHECK(info.format == image_format::png);
    CHECK(shape{1, info.height, info.width, info.channels} == x.extents());
  }
  tensor<std::uint16_t> wide({1, 5, 6, 1});
  for (index_t i = 0; i < wide.size(); ++i) wide[i] = static_cast<std::uint16_t>(i * 2111);
  write_png(folder.path() / "wide.png", wide.view());
  CHECK(same_bits<std::uint16_t>(read_image16(folder.path() / "wide.png").view(), wide.view()));
  CHECK(probe_image(folder.path() / "wide.png").bit_depth == 16);

  tensor<std::uint8_t> mask({1, 9, 11, 1});
  for (index_t i = 0; i < mask.size(); ++i) mask[i] = i % 3 == 0 ? 255 : 0;
  write_png(folder.path() / "mask.png", mask.view(), {.bilevel = true});
  CHECK(same_bits<std::uint8_t>(read_image(folder.path() / "mask.png").view(), mask.view()));
  CHECK(probe_image(folder.path() / "mask.png").bit_depth == 1);
  // A view of an image, here flipped, is written as it looks.
  write_png(folder.path() / "flipped.png", flip_left_right(mask.view()));
  CHECK(same_bits<std::uint8_t>(read_image(folder.path() / "flipped.png").view(),
                                copy_of(flip_left_right(mask.view())).view()));
}

TEST_CASE("read: JPEG") {
  const temporary_folder folder;
  const auto x = gradient_image({1, 40, 64, 3});
  write_jpeg(folder.path() / "x.jpg", x.view(), {.quality = 95});
  CHECK(mean_difference(read_image(folder.path() / "x.jpg").view(), x.view()) < 2);
  CHECK(read_image(folder.path() / "x.jpg", {.channels = 1}).extents() == shape{1, 40, 64, 1});
  CHECK(read_image(folder.path() / "x.jpg", {.min_height = 10, .min_width = 10}).extents() == shape{1, 10, 16, 3});
  CHECK(read_image(folder.path() / "x.jpg", {.min_height = 11, .min_width = 10}).extents() == shape{1, 20, 32, 3});
  write_image(folder.path() / "grey.JPEG", gradient_image({1, 9, 5, 1}).view());
  CHECK(read_image(folder.path() / "grey.JPEG").extents() == shape{1, 9, 5, 1});
  CHECK(read_image(folder.path() / "grey.JPEG", {.channels = 3}).extents() == shape{1, 9, 5, 3});
}

TEST_CASE("read: EXIF orientation is applied") {
  const auto x = gradient_image({1, 24, 16, 3});
  const bytes jpeg = encode_jpeg(x.view(), "x.jpg", {.quality = 100});
  for (int orientation = 1; orientation <= 8; ++orientation)
    for (const bool little : {false, true}) {
      CAPTURE(orientation);
      const bytes turned = with_orientation(jpeg, static_cast<char>(orientation), little);
      const auto expected = copy_of(upright(x.view(), orientation));
      CHECK(mean_difference(decode_image(turned, "x.jpg").view(), expected.view()) < 2);
      const auto info = detail::jpeg_info(turned, "x.jpg");
      REQUIRE(info.has_value());
      CHECK(info->orientation == orientation);
      CHECK(info->height == expected.extents().h);
    }
  CHECK(decode_image(with_orientation(jpeg, 9, true), "x.jpg").extents() == x.extents());
}

TEST_CASE("read: CMYK") {
  std::uint8_t rgb[3];
  const std::uint8_t no_ink[] = {0, 0, 0, 0}, cyan[] = {255, 0, 0, 0}, half_black[] = {0, 0, 0, 128};
  detail::cmyk_to_rgb(no_ink, false, rgb);
  CHECK(rgb[0] == 255);
  detail::cmyk_to_rgb(cyan, false, rgb);
  CHECK(rgb[0] == 0);
  CHECK(rgb[1] == 255);
  detail::cmyk_to_rgb(half_black, false, rgb);
  CHECK(rgb[2] == 127);
  detail::cmyk_to_rgb(no_ink, true, rgb);  // Adobe: 0 is all the ink
  CHECK(rgb[1] == 0);
}

TEST_CASE("read: a JPEG in CMYK, as Adobe's programs write it") {
  const auto file = repository_folder() / "tests" / "fuzz" / "corpus" / "jpeg" / "cmyk.jpg";
  const auto colour = read_image(file);
  CHECK(colour.extents() == shape{1, 8, 16, 3});
  const auto near = [](std::uint8_t v, int expected) { return std::abs(v - expected) <= 1; };
  // What Pillow's convert("RGB") makes of it, at (x, y).
  const int expected[][5] = {{0, 0, 190, 156, 102}, {15, 0, 31, 16, 25}, {7, 4, 78, 203, 110}, {0, 7, 9, 23, 15}};
  for (const auto& [x, y, r, g, b] : expected) {
    CHECK(near(colour(0, y, x, 0), r));
    CHECK(near(colour(0, y, x, 1), g));
    CHECK(near(colour(0, y, x, 2), b));
  }
  CHECK(same_bits<std::uint8_t>(read_image(file, {.channels = 3}).view(), colour.view()));
  const auto grey = read_image(file, {.channels = 1});
  CHECK(grey.extents() == shape{1, 8, 16, 1});
  CHECK(near(grey(0, 0, 0, 0), 160));  // 0.299 · 190 + 0.587 · 156 + 0.114 · 102
}

TEST_CASE("read: BMP of each depth") {
  const std::string palette = std::string("\x00\x00\x00\x00\xff\xff\xff\x00", 8);
  const auto bits =
      decode_image(bmp_file(3, 1, 1, 0, palette + std::string("\xa0\x00\x00\x00", 4), 62), "1.bmp", {.channels = 1});
  CHECK(bits[0] == 255);
  CHECK(bits[1] == 0);
  CHECK(bits[2] == 255);
  const auto rows = decode_image(bmp_file(1, 2, 24, 0, std::string("\x01\x02\x03\x00\x04\x05\x06\x00", 8)), "24.bmp");
  CHECK(rows[0] == 6);  // bottom row first, blue first
  CHECK(rows[3] == 3);
  const auto top_down = decode_image(
      bmp_file(1, static_cast<std::uint32_t>(-2), 24, 0, std::string("\x01\x02\x03\x00\x04\x05\x06\x00", 8)), "24.bmp");
  CHECK(top_down[0] == 3);
  const auto five_bits = decode_image(bmp_file(1, 1, 16, 0, std::string("\x00\x7c\x00\x00", 4)), "16.bmp");
  CHECK(five_bits[0] == 255);
  CHECK(five_bits[1] == 0);
  check_error([] { decode_image(bmp_file(3, 1, 8, 1, "x"), "rle.bmp"); }, "rle.bmp: BMP with run-length coding");
  check_error([] { decode_image(bmp_file(3, 4, 24, 0, "short"), "x.bmp"); },
              "x.bmp: damaged BMP: 4 rows of 12 bytes from byte 54 on, but the file ends at 59");
  check_error([] { decode_image(bmp_file(100000, 100000, 24, 0, ""), "x.bmp"); }, "more than the limit");
  check_error([] { decode_image(bmp_file(1, 1, 8, 0, std::string(4, '\x05'), 54), "x.bmp"); }, "within its palette");
}

TEST_CASE("read: PNM as text and raw") {
  CHECK(decode_image(bytes_from("P1 # mask\n3 1\n1 01"), "x.pbm")[1] == 255);
  CHECK(decode_image(bytes_from("P4\n3 1\n\x40"), "x.pbm")[1] == 0);
  const auto text = decode_image(bytes_from("P3\n1 1\n100\n0 50 100\n"), "x.ppm");
  CHECK(text[1] == 128);
  CHECK(text[2] == 255);
  CHECK(decode_image<std::uint16_t>(bytes_from(std::string("P5\n1 1\n65535\n\x12\x34", 15)), "x.pgm")[0] == 0x1234);
  CHECK(decode_image<std::uint16_t>(bytes_from("P5\n1 1\n255\n\x12"), "x.pgm")[0] == 0x1212);
  check_error([] { decode_image(bytes_from("P6\n2 2\n255\nabc"), "x.ppm"); },
              "x.ppm: damaged PNM: 3 bytes of samples where 12 are the least");
  check_error([] { decode_image(bytes_from("P2\n1 1\n10\n11 "), "x.pgm"); },
              "a sample of row 0 is missing or above 10");
  check_error([] { decode_image(bytes_from("P5\n99999 99999\n255\n "), "x.pgm"); },
              "PNM of 99999×99999 pixels, more than");
  check_error([] { decode_image(bytes_from("P5\nx"), "x.pgm"); }, "x.pgm: ");
}

TEST_CASE("read: what can't be read is refused in one line that names the file") {
  const temporary_folder folder;
  const auto path = folder.path() / "x.jpg";
  const auto write = [&](const bytes& content) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  };
  const auto refused = [&](const std::string& reason) {
    check_error([&] { read_image(path); }, path.string() + ": " + reason);
  };
  refused("no such file");
  check_error([&] { probe_image(path); }, "no such file");
  check_error([&] { read_image(folder.path()); }, "is not a regular file");
  write({});
  refused("the file is empty");
  check_error([&] { probe_image(path); }, "the file is empty");
  write(bytes_from("GIF89a"));
  refused("neither JPEG, PNG, BMP nor PNM");

  const auto x = gradient_image({1, 64, 64, 3});
  const bytes jpeg = encode_jpeg(x.view(), "x"), png = encode_png(as_const(x.view()), "x");
  for (const bytes& whole : {jpeg, png})
    for (const std::size_t length : {std::size_t{4}, std::size_t{30}, whole.size() / 2, whole.size() - 1}) {
      CAPTURE(length);
      write({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
      CHECK_THROWS_AS(read_image(path), file_error);
    }
  write({jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(jpeg.size() / 2)});
  refused("damaged JPEG: Premature end of JPEG file");
  CHECK(read_image(path, {.accept_damaged = true}).extents() == x.extents());
  bytes flipped = png;
  flipped[flipped.size() - 13] ^= std::byte{1};  // the last byte before IEND: the checksum of the data
  write(flipped);
  refused("damaged PNG: IDAT: CRC error");

  bytes huge = png;  // a header of 100000×100000 is refused before memory is asked for
  for (const std::size_t at : {16u, 20u})
    huge[at + 1] = std::byte{0x01}, huge[at + 2] = std::byte{0x86}, huge[at + 3] = std::byte{0xa0};
  write(huge);
  refused("PNG of 100000×100000 pixels, more than the limit of 178956970");
  write(jpeg);
  check_error([&] { read_image(path, {.max_pixels = 64 * 63}); }, "JPEG of 64×64 pixels, more than the limit of 4032");
  check_error([&] { read_image(path, {.max_file_bytes = 100}); }, "exceed the limit of 100");
  check_error([&] { read_image(path, {.channels = 2}); }, "2 channels wanted");
}

TEST_CASE("read: a header may be long, but not longer than the limit") {
  const temporary_folder folder;
  const auto path = folder.path() / "x.pgm";
  const std::string comment = "P5\n#" + std::string(300'000, ' ');
  std::ofstream(path, std::ios::binary) << comment << "\n7 5\n255\n" << std::string(35, 'x');
  CHECK(probe_image(path).width == 7);
  CHECK(probe_image(path, {.max_file_bytes = 300'020}).height == 5);
  for (const index_t limit : {1000, 64 * 1024, 100'000, 300'000})
    check_error([&] { probe_image(path, {.max_file_bytes = limit}); },
                path.string() + ": its header is longer than the limit of " + std::to_string(limit) + " bytes");
  std::ofstream(path, std::ios::binary) << comment;
  check_error([&] { probe_image(path); }, "the file ends within its header");
}

TEST_CASE("write: what can't be written is refused") {
  const temporary_folder folder;
  const auto x = gradient_image({1, 4, 4, 3});
  check_error([&] { write_image(folder.path() / "x.gif", x.view()); },
              "images are written as .png, .jpg or .jpeg, not as '.gif'");
  check_error([&] { write_png(folder.path() / "absent" / "x.png", x.view()); }, "absent/x.png");
  check_error([&] { write_png(folder.path() / "x.png", x.view(), {.bilevel = true}); },
              "a bilevel PNG is made of one channel");
  check_error([&] { write_jpeg(folder.path() / "x.jpg", x.view(), {.quality = 0}); }, "JPEG quality 0");
  tensor<std::uint8_t> two({1, 4, 4, 2});
  check_error([&] { write_png(folder.path() / "x.png", two.view()); }, "x [1,4,4,2] is no image");
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("extensions: what is called like an image, in small and capital letters") {
  for (const char* file : {"a.jpg", "b/c.JPEG", "d.Png", "e.bmp", "f.pgm"}) CHECK(has_image_extension(file));
  for (const char* file : {"a.txt", "jpg", "b.jpg.part", ".png", "c.gif"}) CHECK_FALSE(has_image_extension(file));
  CHECK(extension_of("x/Lesion.JPG") == ".jpg");
}
