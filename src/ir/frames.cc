// SPDX-License-Identifier: Apache-2.0
#include "bitloom/frames.h"

#include <array>
#include <cstring>

namespace bitloom::ir {
namespace {

constexpr std::array<char, 4> kMagic{'B', 'L', 'M', 'F'};
constexpr uint16_t kVersion = 1;
constexpr uint16_t kMaxTensors = 1024;
constexpr uint16_t kMaxName = 4096;
constexpr uint64_t kMaxPayload = uint64_t{1} << 30;
enum class Kind : uint8_t { kCodes = 0, kIntegers = 1 };

// Little-endian integers, whatever the machine.
template <typename T>
void put(std::vector<std::byte>& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<std::byte>(static_cast<std::make_unsigned_t<T>>(value) >> (8 * i)));
  }
}

template <typename T>
T get(std::span<const std::byte> bytes) {
  std::make_unsigned_t<T> value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<std::make_unsigned_t<T>>(static_cast<std::make_unsigned_t<T>>(bytes[i]) << (8 * i));
  }
  return static_cast<T>(value);
}

void put_type(std::vector<std::byte>& out, const TensorType& type) {
  put(out, type.shape.height);
  put(out, type.shape.width);
  put(out, type.shape.channels);
  const Encoding* encoding = type.encoding();
  put(out, static_cast<uint8_t>(encoding ? Kind::kCodes : Kind::kIntegers));
  put(out, static_cast<uint8_t>(encoding ? encoding->planes() : 0));
  if (encoding) {
    for (const int32_t coefficient : encoding->coefficients) put(out, coefficient);
    put(out, encoding->bias);
  }
  put(out, type.range().lowest);
  put(out, type.range().highest);
}

}  // namespace

FrameWriter::FrameWriter(Sink sink, std::vector<NamedType> tensors) : sink_(std::move(sink)), tensors_(std::move(tensors)) {
  std::vector<std::byte> header;
  for (const char letter : kMagic) header.push_back(static_cast<std::byte>(letter));
  put(header, kVersion);
  put(header, static_cast<uint16_t>(tensors_.size()));
  for (const NamedType& tensor : tensors_) {
    put(header, static_cast<uint16_t>(std::min<size_t>(tensor.name.size(), kMaxName)));
    for (const char letter : tensor.name.substr(0, kMaxName)) header.push_back(static_cast<std::byte>(letter));
    put_type(header, tensor.type);
    payload_bytes_ += packed_bytes(tensor.type);
  }
  sink_(header);
}

void FrameWriter::write(std::span<const std::span<const int32_t>> images) {
  BITLOOM_CHECK(images.size() == tensors_.size());
  std::vector<std::byte> frame;
  put(frame, static_cast<uint64_t>(payload_bytes_));
  put(frame, images_++);
  for (size_t i = 0; i < images.size(); ++i) {
    const std::vector<std::byte> packed = pack(tensors_[i].type, images[i]);
    frame.insert(frame.end(), packed.begin(), packed.end());
  }
  sink_(frame);
}

void FrameWriter::finish() {
  std::vector<std::byte> end;
  put(end, uint64_t{0});
  put(end, images_);
  sink_(end);
}

FrameReader::FrameReader(Source source, std::string name) : source_(std::move(source)), name_(std::move(name)) {
  const auto next = [&]<typename T>(T) {
    std::array<std::byte, sizeof(T)> bytes;
    read_exactly(bytes);
    return get<T>(bytes);
  };
  std::array<std::byte, 4> magic;
  read_exactly(magic);
  if (std::memcmp(magic.data(), kMagic.data(), magic.size()) != 0) {
    throw Error("{}: is no stream of framed tensors; make one with `bitloom run MODEL INPUTS -o -`", name_);
  }
  if (const auto version = next(uint16_t{}); version != kVersion) {
    throw Error("{}: has version {} of the framed stream, this bitloom reads version {}", name_, version, kVersion);
  }
  const auto count = next(uint16_t{});
  if (count == 0 || count > kMaxTensors)
    throw Error("{}: announces {} tensors, expected 1 to {}", name_, count, kMaxTensors);
  for (int i = 0; i < count; ++i) {
    NamedType tensor;
    const auto length = next(uint16_t{});
    if (length > kMaxName)
      throw Error("{}: the name of tensor {} is {} bytes long, at most {} are read", name_, i, length, kMaxName);
    tensor.name.resize(length);
    read_exactly(std::as_writable_bytes(std::span(tensor.name)));
    tensor.type.shape.height = next(int32_t{});
    tensor.type.shape.width = next(int32_t{});
    tensor.type.shape.channels = next(int32_t{});
    const auto kind = next(uint8_t{});
    const auto planes = next(uint8_t{});
    if (kind > 1 || planes > kMaxPlanes) throw Error("{}: tensor '{}' has an unknown type", name_, tensor.name);
    Encoding encoding;
    for (int p = 0; p < planes; ++p) encoding.coefficients.push_back(next(int32_t{}));
    if (static_cast<Kind>(kind) == Kind::kCodes) encoding.bias = next(int32_t{});
    encoding.lowest = next(int32_t{});
    encoding.highest = next(int32_t{});
    if (static_cast<Kind>(kind) == Kind::kCodes) {
      tensor.type.element = encoding;
    } else {
      tensor.type.element = Range{encoding.lowest, encoding.highest};
    }
    try {
      // An Input layer has the very rules that a tensor from outside must keep.
      tensor.type = infer_type(Input{tensor.type.shape, tensor.type.element, std::nullopt}, {});
    } catch (const Error& error) {
      throw Error("{}: tensor '{}': {}", name_, tensor.name, error.what());
    }
    payload_bytes_ += static_cast<uint64_t>(packed_bytes(tensor.type));
    if (payload_bytes_ > kMaxPayload) throw Error("{}: announces more than {} bytes an image", name_, kMaxPayload);
    tensors_.push_back(std::move(tensor));
  }
}

void FrameReader::read_exactly(std::span<std::byte> bytes) {
  const size_t got = source_(bytes);
  if (got != bytes.size()) {
    throw Error("{}: the stream ends after {} images in the middle of one; whoever wrote it stopped early", name_, images_);
  }
}

bool FrameReader::read(std::vector<std::vector<int32_t>>& images) {
  if (ended_) return false;
  std::array<std::byte, 16> head;
  read_exactly(head);
  const auto length = get<uint64_t>(std::span(head).first(8));
  const auto index = get<uint64_t>(std::span(head).last(8));
  if (index != images_) throw Error("{}: frame {} comes where frame {} was expected", name_, index, images_);
  if (length == 0) {
    ended_ = true;
    return false;
  }
  if (length != payload_bytes_) {
    throw Error("{}: frame {} has {} bytes, its tensors have {}", name_, index, length, payload_bytes_);
  }
  std::vector<std::byte> payload(length);
  read_exactly(payload);
  images.clear();
  std::span<const std::byte> rest = payload;
  for (const NamedType& tensor : tensors_) {
    const auto size = static_cast<size_t>(packed_bytes(tensor.type));
    try {
      images.push_back(unpack(tensor.type, rest.first(size)));
    } catch (const Error& error) {
      throw Error("{}: frame {}, tensor '{}': {}", name_, index, tensor.name, error.what());
    }
    rest = rest.subspan(size);
  }
  ++images_;
  return true;
}

}  // namespace bitloom::ir
