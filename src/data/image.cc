// SPDX-License-Identifier: Apache-2.0
//
// PNG by libpng, JPEG by TurboJPEG.
#include "image.h"

#include <algorithm>
#include <array>
#include <memory>

#include <png.h>
#include <turbojpeg.h>

namespace bitloom::data {
namespace {

constexpr std::array<unsigned char, 8> kPngSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

bool starts_with(std::span<const std::byte> bytes, std::span<const unsigned char> prefix) {
  const auto expected = std::as_bytes(prefix);
  return bytes.size() >= expected.size() && std::equal(expected.begin(), expected.end(), bytes.begin());
}

size_t big_endian(std::span<const std::byte> bytes, size_t at) {
  size_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<size_t>(bytes[at + i]);
  return value;
}

struct PngChunks {
  std::vector<std::byte> needed;
  size_t pixel_bytes = 0;  // of the compressed pixels
};

// The chunks that hold the pixels. The others are left out: gamma and colour profiles would make libpng change the values
// that the file stores (the tools that networks are trained with do not), and compressed texts and profiles are where
// bombs hide.
PngChunks needed_chunks(std::span<const std::byte> bytes, std::string_view source) {
  constexpr std::array<std::string_view, 5> kNeeded{"IHDR", "PLTE", "tRNS", "IDAT", "IEND"};
  PngChunks chunks{{bytes.begin(), bytes.begin() + kPngSignature.size()}, 0};
  std::string_view type;
  for (size_t at = kPngSignature.size(); type != "IEND";) {
    const auto rest = bytes.subspan(at);
    const size_t length = rest.size() < 12 ? 0 : big_endian(rest, 0);
    if (rest.size() < 12 || length > rest.size() - 12) throw Error("{}: the PNG file is cut off", source);
    type = {reinterpret_cast<const char*>(rest.data()) + 4, 4};
    if (std::find(kNeeded.begin(), kNeeded.end(), type) != kNeeded.end()) {
      chunks.needed.insert(chunks.needed.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(length + 12));
    }
    if (type == "IDAT") chunks.pixel_bytes += length;
    at += length + 12;
  }
  return chunks;
}

// Pixels of `from` channels a pixel, of which the first `to` are kept.
std::vector<uint8_t> drop_channels(std::vector<uint8_t> pixels, size_t from, size_t to) {
  if (from == to) return pixels;
  const size_t count = pixels.size() / from;
  for (size_t i = 0; i < count; ++i) {
    for (size_t c = 0; c < to; ++c) pixels[i * to + c] = pixels[i * from + c];
  }
  pixels.resize(count * to);
  return pixels;
}

Images decode_png(std::span<const std::byte> bytes, std::string_view source) {
  const PngChunks chunks = needed_chunks(bytes, source);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, decltype(&png_image_free)> guard(&image, png_image_free);
  if (!png_image_begin_read_from_memory(&image, chunks.needed.data(), chunks.needed.size())) {
    throw Error("{}: is not a whole PNG file: {}", source, image.message);
  }
  check_size(image.width, image.height, source);
  // Deflate packs at most 1032 bytes into one; a file that declares more pixels than it can hold allocates nothing.
  constexpr size_t kDeflateLimit = 1032;
  if (size_t{image.width} * image.height / 8 > chunks.pixel_bytes * kDeflateLimit) {
    throw Error("{}: declares {} x {} pixels, more than its {} bytes of pixel data can hold", source, image.width,
                image.height, chunks.pixel_bytes);
  }
  const bool colour = image.format & PNG_FORMAT_FLAG_COLOR;
  const bool alpha = image.format & PNG_FORMAT_FLAG_ALPHA;
  // Transparency is read and then dropped here, because libpng would blend it with a background instead.
  image.format = (colour ? PNG_FORMAT_FLAG_COLOR : 0u) | (alpha ? PNG_FORMAT_FLAG_ALPHA : 0u);
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // 16-bit values are scaled to 8 bits, not taken for linear light
  const size_t channels = colour ? 3 : 1;
  std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(image));
  if (!png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr)) {
    throw Error("{}: is not a whole PNG file: {}", source, image.message);
  }
  return {1, static_cast<int32_t>(image.height), static_cast<int32_t>(image.width), static_cast<int32_t>(channels),
          drop_channels(std::move(pixels), channels + (alpha ? 1 : 0), channels)};
}

Images decode_jpeg(std::span<const std::byte> bytes, std::string_view source) {
  const auto close = [](void* handle) { tjDestroy(handle); };
  const std::unique_ptr<void, decltype(close)> decoder(tjInitDecompress(), close);
  BITLOOM_CHECK(decoder != nullptr);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto fail = [&] { throw Error("{}: is not a whole JPEG file: {}", source, tjGetErrorStr2(decoder.get())); };
  int width = 0, height = 0, subsampling = 0, colours = 0;
  if (tjDecompressHeader3(decoder.get(), data, bytes.size(), &width, &height, &subsampling, &colours) != 0) fail();
  check_size(width, height, source);
  if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
    throw Unsupported("{}: is a JPEG in CMYK colours; grey and RGB are read", source);
  }
  const int channels = colours == TJCS_GRAY ? 1 : 3;
  Images image{1, height, width, channels, {}};
  image.pixels.resize(static_cast<size_t>(width) * static_cast<size_t>(height) * static_cast<size_t>(channels));
  // A damaged file ends at the first warning, and one with thousands of scans (a known way to burn time) at the 500th.
  const int flags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;
  const int format = channels == 1 ? TJPF_GRAY : TJPF_RGB;
  if (tjDecompress2(decoder.get(), data, bytes.size(), image.pixels.data(), width, 0, height, format, flags) != 0) fail();
  return image;
}

}  // namespace

bool is_png(std::span<const std::byte> bytes) { return starts_with(bytes, kPngSignature); }

bool is_jpeg(std::span<const std::byte> bytes) {
  constexpr std::array<unsigned char, 3> kStart{0xff, 0xd8, 0xff};
  return starts_with(bytes, kStart);
}

void check_size(int64_t width, int64_t height, std::string_view source) {
  if (width < 1 || height < 1 || width > kMaxPixels / height) {
    throw Error("{}: has {} x {} pixels; images of 1 to {} pixels are read", source, width, height, kMaxPixels);
  }
}

Images with_channels(Images images, int32_t channels) {
  BITLOOM_CHECK(channels == 1 || channels == 3);
  if (images.channels == channels) return images;
  std::vector<uint8_t> pixels;
  if (channels == 3) {
    pixels.reserve(images.pixels.size() * 3);
    for (const uint8_t grey : images.pixels) pixels.insert(pixels.end(), 3, grey);
  } else {
    pixels.reserve(images.pixels.size() / 3);
    for (size_t i = 0; i < images.pixels.size(); i += 3) {
      const uint32_t luma = 19595u * images.pixels[i] + 38470u * images.pixels[i + 1] + 7471u * images.pixels[i + 2];
      pixels.push_back(static_cast<uint8_t>((luma + 32768u) >> 16));
    }
  }
  images.pixels = std::move(pixels);
  images.channels = channels;
  return images;
}

Images decode_image(std::span<const std::byte> bytes, std::string_view source, int channels) {
  BITLOOM_CHECK(channels == 0 || channels == 1 || channels == 3);
  if (!is_png(bytes) && !is_jpeg(bytes)) throw Error("{}: is neither a PNG nor a JPEG file", source);
  Images image = is_png(bytes) ? decode_png(bytes, source) : decode_jpeg(bytes, source);
  return channels == 0 ? std::move(image) : with_channels(std::move(image), channels);
}

}  // namespace bitloom::data
