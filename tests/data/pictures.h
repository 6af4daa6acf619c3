// SPDX-License-Identifier: Apache-2.0
//
// Makes small PNG and JPEG files of every kind.
#pragma once

#include <string>
#include <vector>

#include <png.h>
#include <turbojpeg.h>

#include "bytes.h"

namespace bitloom::test {

struct Png {
  png_uint_32 width = 1, height = 1;
  int bits = 8;
  int type = PNG_COLOR_TYPE_GRAY;
  std::vector<uint8_t> rows = {};  // packed as PNG packs them
  std::vector<png_color> palette = {};
  std::vector<png_byte> palette_alpha = {};
  double gamma = 0;
  bool interlaced = false;
};

inline void append_to_bytes(png_structp writer, png_bytep data, png_size_t size) {
  const auto* from = reinterpret_cast<const std::byte*>(data);
  auto* to = static_cast<Bytes*>(png_get_io_ptr(writer));
  to->insert(to->end(), from, from + size);
}

inline Bytes png_bytes(const Png& png) {
  Bytes bytes;
  png_structp writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(writer);
  png_set_write_fn(writer, &bytes, append_to_bytes, nullptr);
  const int interlace = png.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE;
  png_set_IHDR(writer, info, png.width, png.height, png.bits, png.type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!png.palette.empty()) png_set_PLTE(writer, info, png.palette.data(), static_cast<int>(png.palette.size()));
  if (!png.palette_alpha.empty()) {
    png_set_tRNS(writer, info, png.palette_alpha.data(), static_cast<int>(png.palette_alpha.size()), nullptr);
  }
  if (png.gamma > 0) png_set_gAMA(writer, info, png.gamma);
  png_write_info(writer, info);
  const size_t row_bytes = png.rows.size() / png.height;
  std::vector<png_bytep> rows;
  for (png_uint_32 y = 0; y < png.height; ++y) rows.push_back(const_cast<png_bytep>(png.rows.data() + y * row_bytes));
  png_write_image(writer, rows.data());
  png_write_end(writer, info);
  png_destroy_write_struct(&writer, &info);
  return bytes;
}

inline Bytes grey_png(png_uint_32 width, png_uint_32 height, uint8_t value) {
  return png_bytes({.width = width, .height = height, .rows = std::vector<uint8_t>(size_t{width} * height, value)});
}

inline Bytes colour_png(png_uint_32 width, png_uint_32 height, uint8_t value) {
  return png_bytes({.width = width,
                    .height = height,
                    .type = PNG_COLOR_TYPE_RGB,
                    .rows = std::vector<uint8_t>(size_t{width} * height * 3, value)});
}

/// A whole file whose header tells another size than its pixels have.
inline Bytes png_that_claims(png_uint_32 width, png_uint_32 height) {
  constexpr std::ptrdiff_t kHeaderEnd = 33;  // of the signature and the IHDR chunk
  Bytes bytes;
  png_structp writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(writer);
  png_set_write_fn(writer, &bytes, append_to_bytes, nullptr);
  png_set_IHDR(writer, info, width, height, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer, info);
  png_destroy_write_struct(&writer, &info);
  const Bytes small = grey_png(2, 2, 5);
  bytes.insert(bytes.end(), small.begin() + kHeaderEnd, small.end());
  return bytes;
}

/// A JPEG of one colour; `format` is TJPF_GRAY, TJPF_RGB or TJPF_CMYK.
inline Bytes jpeg_bytes(int width, int height, const std::vector<uint8_t>& colour, int format) {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < width * height; ++i) pixels.insert(pixels.end(), colour.begin(), colour.end());
  tjhandle encoder = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  const int sampling = format == TJPF_GRAY ? TJSAMP_GRAY : TJSAMP_444;
  EXPECT_EQ(tjCompress2(encoder, pixels.data(), width, 0, height, format, &data, &size, sampling, 95, 0), 0)
      << tjGetErrorStr2(encoder);
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  Bytes bytes(begin, begin + size);
  tjFree(data);
  tjDestroy(encoder);
  return bytes;
}

}  // namespace bitloom::test
