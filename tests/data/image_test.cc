// SPDX-License-Identifier: Apache-2.0
#include "bitloom/data.h"
#include "bytes.h"
#include "pictures.h"

namespace bitloom::data {
namespace {

using test::Bytes;
using test::error_of;
using test::jpeg_bytes;
using test::Png;
using test::png_bytes;

using Pixels = std::vector<uint8_t>;

Images decode(const Bytes& bytes, int channels = 0) { return decode_image(bytes, "x.png", channels); }

// A PNG chunk's bytes are found by its type.
size_t chunk(const Bytes& bytes, std::string_view type) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).find(type);
}

TEST(Image, png_of_1_2_4_and_8_bits_is_scaled_to_8) {
  EXPECT_EQ(decode(png_bytes({.width = 3, .bits = 1, .rows = {0b10100000}})).pixels, (Pixels{255, 0, 255}));
  EXPECT_EQ(decode(png_bytes({.width = 4, .bits = 2, .rows = {0b00011011}})).pixels, (Pixels{0, 85, 170, 255}));
  EXPECT_EQ(decode(png_bytes({.width = 2, .bits = 4, .rows = {0x0f}})).pixels, (Pixels{0, 255}));
  EXPECT_EQ(decode(png_bytes({.width = 2, .bits = 8, .rows = {3, 200}})).pixels, (Pixels{3, 200}));
}

TEST(Image, png_of_16_bits_is_scaled_and_not_taken_for_linear_light) {
  EXPECT_EQ(decode(png_bytes({.width = 3, .bits = 16, .rows = {0, 0, 0x80, 0x80, 0xff, 0xff}})).pixels,
            (Pixels{0, 128, 255}));
  const Png colour{.bits = 16, .type = PNG_COLOR_TYPE_RGB, .rows = {0x10, 0x10, 0x20, 0x20, 0x30, 0x30}};
  EXPECT_EQ(decode(png_bytes(colour)).pixels, (Pixels{0x10, 0x20, 0x30}));
}

TEST(Image, png_gamma_does_not_change_the_stored_values) {
  EXPECT_EQ(decode(png_bytes({.width = 2, .rows = {100, 200}, .gamma = 1.0})).pixels, (Pixels{100, 200}));
  EXPECT_EQ(decode(png_bytes({.width = 2, .bits = 16, .rows = {100, 100, 200, 200}, .gamma = 1.0})).pixels,
            (Pixels{100, 200}));
}

TEST(Image, png_transparency_is_dropped) {
  EXPECT_EQ(decode(png_bytes({.width = 2, .type = PNG_COLOR_TYPE_GRAY_ALPHA, .rows = {9, 0, 8, 128}})).pixels,
            (Pixels{9, 8}));
  const Images image = decode(png_bytes({.width = 2, .type = PNG_COLOR_TYPE_RGBA, .rows = {1, 2, 3, 0, 4, 5, 6, 128}}));
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.pixels, (Pixels{1, 2, 3, 4, 5, 6}));
  const Png deep{.bits = 16, .type = PNG_COLOR_TYPE_GRAY_ALPHA, .rows = {7, 7, 0x80, 0}};
  EXPECT_EQ(decode(png_bytes(deep)).pixels, (Pixels{7}));
}

TEST(Image, png_palettes_become_colours) {
  const Png png{.width = 2,
                .type = PNG_COLOR_TYPE_PALETTE,
                .rows = {1, 0},
                .palette = {{10, 20, 30}, {40, 50, 60}},
                .palette_alpha = {0, 255}};
  const Images image = decode(png_bytes(png));
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.pixels, (Pixels{40, 50, 60, 10, 20, 30}));
}

TEST(Image, interlaced_png_reads_like_any_other) {
  Pixels pixels(5 * 7);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 7);
  const Images image = decode(png_bytes({.width = 5, .height = 7, .rows = pixels, .interlaced = true}));
  EXPECT_EQ(image.width, 5);
  EXPECT_EQ(image.height, 7);
  EXPECT_EQ(image.pixels, pixels);
}

TEST(Image, channels_are_converted_when_asked_for) {
  EXPECT_EQ(decode(png_bytes({.width = 2, .rows = {3, 4}}), 3).pixels, (Pixels{3, 3, 3, 4, 4, 4}));
  const Png colours{.width = 4, .type = PNG_COLOR_TYPE_RGB, .rows = {255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9}};
  EXPECT_EQ(decode(png_bytes(colours), 1).pixels, (Pixels{76, 150, 29, 9}));
}

TEST(Image, reads_jpeg_in_grey_and_colour) {
  const Images grey = decode(jpeg_bytes(9, 5, {77}, TJPF_GRAY));
  EXPECT_EQ(grey.width, 9);
  EXPECT_EQ(grey.height, 5);
  EXPECT_EQ(grey.pixels, Pixels(45, 77));
  const Images colour = decode(jpeg_bytes(8, 8, {200, 50, 100}, TJPF_RGB));
  EXPECT_EQ(colour.channels, 3);
  EXPECT_NEAR(colour.pixels[0], 200, 2);
  EXPECT_NEAR(colour.pixels[1], 50, 2);
  EXPECT_NEAR(colour.pixels[2], 100, 2);
  EXPECT_NEAR(decode(jpeg_bytes(8, 8, {200, 50, 100}, TJPF_RGB), 1).pixels[0], 101, 2);
}

TEST(Image, jpeg_in_cmyk_is_unsupported_bad) {
  EXPECT_THROW(decode(jpeg_bytes(8, 8, {1, 2, 3, 4}, TJPF_CMYK)), Unsupported);
  EXPECT_EQ(error_of([] {
              decode_image(jpeg_bytes(8, 8, {1, 2, 3, 4}, TJPF_CMYK), "x.jpg");
            }),
            "x.jpg: is a JPEG in CMYK colours; grey and RGB are read");
}

TEST(Image, giant_dimensions_are_refused_before_anything_is_allocated_bad) {
  EXPECT_EQ(error_of([] { decode(test::png_that_claims(8000, 8000)); }),
            "x.png: declares 8000 x 8000 pixels, more than its 14 bytes of pixel data can hold");
  EXPECT_EQ(error_of([] { decode(test::png_that_claims(1 << 14, (1 << 12) + 1)); }),
            "x.png: has 16384 x 4097 pixels; images of 1 to 67108864 pixels are read");
  Bytes jpeg = jpeg_bytes(8, 8, {77}, TJPF_GRAY);
  const size_t frame = chunk(jpeg, "\xff\xc0");
  for (const size_t i : {5, 7}) jpeg[frame + i] = std::byte{0x7f};
  EXPECT_EQ(error_of([&] { decode_image(jpeg, "x.jpg"); }),
            "x.jpg: has 32520 x 32520 pixels; images of 1 to 67108864 pixels are read");
}

TEST(Image, truncated_and_foreign_files_are_refused_bad) {
  Bytes png = test::grey_png(4, 4, 5);
  png.resize(png.size() - 1);
  EXPECT_EQ(error_of([&] { decode(png); }), "x.png: the PNG file is cut off");
  Bytes jpeg = jpeg_bytes(64, 64, {77}, TJPF_GRAY);
  jpeg.resize(jpeg.size() - 8);
  EXPECT_EQ(error_of([&] { decode_image(jpeg, "x.jpg"); }), "x.jpg: is not a whole JPEG file: Premature end of JPEG file");
  EXPECT_EQ(error_of([] { decode(test::to_bytes("GIF89a")); }), "x.png: is neither a PNG nor a JPEG file");
}

TEST(Image, any_damage_gives_an_error_or_an_image) {
  const auto read = [](std::span<const std::byte> bytes) { decode_image(bytes, "x"); };
  test::damage(test::colour_png(5, 4, 100), read);
  test::damage(png_bytes({.width = 2, .type = PNG_COLOR_TYPE_PALETTE, .rows = {1, 0}, .palette = {{1, 2, 3}, {4, 5, 6}}}),
               read);
}

TEST(Image, damage_to_a_jpeg_gives_an_error_or_an_image) {
  // Not every prefix fails: the end marker alone may be missing.
  const Bytes bytes = jpeg_bytes(16, 16, {200, 50, 100}, TJPF_RGB);
  for (size_t size = 0; size + 4 < bytes.size(); ++size) {
    EXPECT_THROW(decode_image(std::span(bytes).first(size), "x"), Error) << size;
  }
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes flipped = bytes;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    try {
      decode_image(flipped, "x");
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace bitloom::data
