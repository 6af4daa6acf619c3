// SPDX-License-Identifier: Apache-2.0
//
// PNG by libpng, base64 by OpenSSL.
#include "report_image.h"

#include <vector>

#include <openssl/evp.h>
#include <png.h>

#include "bitloom/data.h"

namespace bitloom::train {
namespace {

std::vector<unsigned char> png_bytes(std::span<const uint8_t> pixels, int64_t height, int64_t width, int64_t channels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.height = static_cast<png_uint_32>(height);
  image.width = static_cast<png_uint_32>(width);
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<unsigned char> bytes(size);
  const int written = png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr);
  BITLOOM_CHECK(written != 0);
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::string png_uri(std::span<const uint8_t> pixels, int64_t height, int64_t width, int64_t channels) {
  BITLOOM_CHECK(channels == 1 || channels == 3);
  BITLOOM_CHECK(height > 0 && width > 0 && width <= data::kMaxPixels / height);
  BITLOOM_CHECK(static_cast<int64_t>(pixels.size()) == height * width * channels);
  const std::vector<unsigned char> bytes = png_bytes(pixels, height, width, channels);
  std::string base64((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a zero
  base64.resize(static_cast<size_t>(
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), bytes.data(), static_cast<int>(bytes.size()))));
  return "data:image/png;base64," + base64;
}

}  // namespace bitloom::train
