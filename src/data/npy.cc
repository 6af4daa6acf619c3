// SPDX-License-Identifier: Apache-2.0
//
// The .npy format: a magic string, a version, a Python dictionary as text (type, order, shape), and the elements.
// The dictionary is read by a parser of exactly the literals that NumPy writes, and its shape is compared with the bytes
// that follow before anything is allocated.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "bitloom/data.h"
#include "bitloom/file.h"

namespace bitloom::data {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are copied as they lie in the file");

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kMaxHeader = 65535;   // NumPy itself warns from 10000 on
constexpr size_t kMaxDimensions = 32;  // NumPy's own limit

struct Header {
  std::string type;
  bool fortran = false;
  std::vector<int64_t> shape;
  size_t data_offset = 0;
};

class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::string_view source) : text_(text), source_(source) {}

  Header parse() {
    expect('{');
    while (!accept('}')) {
      parse_entry();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (position_ != text_.size()) fail("has text after its dictionary");
    if (!type_ || !fortran_ || !shape_) fail("lacks 'descr', 'fortran_order' or 'shape'");
    return {*type_, *fortran_, *shape_, 0};
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error("{}: the .npy header {}, at character {}", source_, what, position_);
  }

  void skip_space() {
    while (position_ < text_.size() && std::string_view(" \t\r\n").find(text_[position_]) != std::string_view::npos) {
      ++position_;
    }
  }

  bool accept(char c) {
    skip_space();
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail(fmt::format("has no '{}'", c));
  }

  bool accept_word(std::string_view word) {
    skip_space();
    if (!text_.substr(position_).starts_with(word)) return false;
    position_ += word.size();
    return true;
  }

  std::string parse_string() {
    skip_space();
    const char quote = position_ < text_.size() ? text_[position_] : '\0';
    if (quote != '\'' && quote != '"') fail("has no string");
    const size_t end = text_.find(quote, position_ + 1);
    if (end == std::string_view::npos) fail("has a string without an end");
    const std::string_view value = text_.substr(position_ + 1, end - position_ - 1);
    position_ = end + 1;
    return std::string(value);
  }

  bool parse_bool() {
    if (accept_word("True")) return true;
    if (accept_word("False")) return false;
    fail("has no True or False");
  }

  std::vector<int64_t> parse_shape() {
    std::vector<int64_t> shape;
    expect('(');
    while (!accept(')')) {
      if (shape.size() == kMaxDimensions) fail(fmt::format("has more than {} dimensions", kMaxDimensions));
      skip_space();
      int64_t size = 0;
      const auto [end, error] = std::from_chars(text_.data() + position_, text_.data() + text_.size(), size);
      if (error != std::errc() || size < 0) fail("has a dimension that is not a whole number of 63 bits");
      position_ = static_cast<size_t>(end - text_.data());
      accept('L');  // as Python 2 wrote long integers
      shape.push_back(size);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

  void parse_entry() {
    const std::string key = parse_string();
    expect(':');
    if (key == "descr" && !type_) {
      if (accept('[')) {
        throw Unsupported("{}: holds records of several fields; save each field as an array of its own", source_);
      }
      type_ = parse_string();
    } else if (key == "fortran_order" && !fortran_) {
      fortran_ = parse_bool();
    } else if (key == "shape" && !shape_) {
      shape_ = parse_shape();
    } else {
      fail(fmt::format("has the key '{}', which is unknown or there already", key));
    }
  }

  std::string_view text_;
  std::string_view source_;
  size_t position_ = 0;
  std::optional<std::string> type_;
  std::optional<bool> fortran_;
  std::optional<std::vector<int64_t>> shape_;
};

Header read_header(std::span<const std::byte> bytes, std::string_view source) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic)) throw Error("{}: is not a .npy file (it does not begin with \\x93NUMPY)", source);
  if (text.size() < 10) throw Error("{}: the .npy header is cut off", source);
  const auto byte = [&](size_t i) { return std::to_integer<size_t>(bytes[i]); };
  const size_t version = byte(6);
  if (version < 1 || version > 3 || byte(7) != 0) {
    throw Unsupported("{}: is .npy version {}.{}; versions 1.0, 2.0 and 3.0 are read", source, version, byte(7));
  }
  size_t length = byte(8) | byte(9) << 8;
  size_t start = 10;
  if (version > 1) {
    start = 12;
    if (text.size() < start) throw Error("{}: the .npy header is cut off", source);
    length |= byte(10) << 16 | byte(11) << 24;
  }
  if (length > kMaxHeader)
    throw Error("{}: the .npy header is {} bytes long; at most {} are read", source, length, kMaxHeader);
  if (length > text.size() - start) throw Error("{}: the .npy header is cut off", source);
  Header header = HeaderParser(text.substr(start, length), source).parse();
  header.data_offset = start + length;
  return header;
}

// Elements of the shape, where the product of all sizes that are not zero fits as well, so that no reader of the shape
// meets an overflow.
int64_t count_elements(std::span<const int64_t> shape, std::string_view source) {
  int64_t product = 1;
  bool empty = false;
  for (const int64_t size : shape) {
    empty |= size == 0;
    if (size != 0 && __builtin_mul_overflow(product, size, &product)) {
      throw Error("{}: the shape ({}) has more elements than 63 bits can count", source, fmt::join(shape, ", "));
    }
  }
  return empty ? 0 : product;
}

// Element i of the result, in C order, is at the Fortran offset of the same coordinates.
template <typename T>
std::vector<T> fortran_to_c(const std::vector<T>& from, std::span<const int64_t> shape) {
  std::vector<size_t> strides(shape.size());
  size_t stride = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    strides[d] = stride;
    stride *= static_cast<size_t>(shape[d]);
  }
  std::vector<int64_t> at(shape.size());
  std::vector<T> to(from.size());
  size_t offset = 0;
  for (T& element : to) {
    element = from[offset];
    for (size_t d = shape.size(); d-- > 0;) {
      offset += strides[d];
      if (++at[d] < shape[d]) break;
      offset -= strides[d] * static_cast<size_t>(shape[d]);
      at[d] = 0;
    }
  }
  return to;
}

template <typename T>
NpyArray read_elements(std::span<const std::byte> bytes, std::string_view source, Header header) {
  const int64_t elements = count_elements(header.shape, source);
  const size_t available = bytes.size() - header.data_offset;
  if (available % sizeof(T) != 0 || static_cast<uint64_t>(elements) != available / sizeof(T)) {
    throw Error("{}: the shape ({}) of {}-byte elements does not match the {} bytes of data", source,
                fmt::join(header.shape, ", "), sizeof(T), available);
  }
  std::vector<T> data(static_cast<size_t>(elements));
  if (!data.empty()) std::memcpy(data.data(), bytes.data() + header.data_offset, available);
  if (header.fortran && header.shape.size() > 1) data = fortran_to_c(data, header.shape);
  return {std::move(header.shape), std::move(data)};
}

template <typename T>
constexpr std::string_view type_name() {
  if constexpr (std::is_same_v<T, uint8_t>) return "|u1";
  if constexpr (std::is_same_v<T, int8_t>) return "|i1";
  if constexpr (std::is_same_v<T, uint16_t>) return "<u2";
  if constexpr (std::is_same_v<T, int16_t>) return "<i2";
  if constexpr (std::is_same_v<T, uint32_t>) return "<u4";
  if constexpr (std::is_same_v<T, int32_t>) return "<i4";
  if constexpr (std::is_same_v<T, uint64_t>) return "<u8";
  if constexpr (std::is_same_v<T, int64_t>) return "<i8";
  if constexpr (std::is_same_v<T, float>) return "<f4";
  if constexpr (std::is_same_v<T, double>) return "<f8";
}

NpyArray read_bools(std::span<const std::byte> bytes, std::string_view source, Header header) {
  NpyArray array = read_elements<uint8_t>(bytes, source, std::move(header));
  for (uint8_t& element : std::get<std::vector<uint8_t>>(array.data)) element = element != 0;
  return array;
}

}  // namespace

int64_t NpyArray::elements() const {
  return std::visit([](const auto& values) { return static_cast<int64_t>(values.size()); }, data);
}

std::vector<double> NpyArray::as_doubles() const {
  return std::visit([](const auto& values) { return std::vector<double>(values.begin(), values.end()); }, data);
}

std::vector<int64_t> NpyArray::as_integers() const {
  const auto convert = [](const auto& values) {
    using T = typename std::decay_t<decltype(values)>::value_type;
    std::vector<int64_t> result;
    result.reserve(values.size());
    for (const T value : values) {
      if constexpr (std::is_floating_point_v<T>) {
        if (!(value >= T(-0x1p63) && value < T(0x1p63)) || value != std::trunc(value)) {
          throw Error("element {} is {}, where a whole number of 64 bits is expected", result.size(), value);
        }
      } else if constexpr (std::is_same_v<T, uint64_t>) {
        if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
          throw Error("element {} is {}, where a whole number of 64 bits is expected", result.size(), value);
        }
      }
      result.push_back(static_cast<int64_t>(value));
    }
    return result;
  };
  return std::visit(convert, data);
}

NpyArray read_npy(std::span<const std::byte> bytes, std::string_view source) {
  Header header = read_header(bytes, source);
  std::string plain = header.type;
  if (plain.size() == 3 && plain[2] == '1') plain[0] = '|';  // the order of bytes means nothing for single ones
  if (plain == "|b1") return read_bools(bytes, source, std::move(header));
  if (plain == "|u1") return read_elements<uint8_t>(bytes, source, std::move(header));
  if (plain == "|i1") return read_elements<int8_t>(bytes, source, std::move(header));
  if (plain == "<u2") return read_elements<uint16_t>(bytes, source, std::move(header));
  if (plain == "<i2") return read_elements<int16_t>(bytes, source, std::move(header));
  if (plain == "<u4") return read_elements<uint32_t>(bytes, source, std::move(header));
  if (plain == "<i4") return read_elements<int32_t>(bytes, source, std::move(header));
  if (plain == "<u8") return read_elements<uint64_t>(bytes, source, std::move(header));
  if (plain == "<i8") return read_elements<int64_t>(bytes, source, std::move(header));
  if (plain == "<f4") return read_elements<float>(bytes, source, std::move(header));
  if (plain == "<f8") return read_elements<double>(bytes, source, std::move(header));
  throw Unsupported(
      "{}: holds elements of type '{}'; bool, little-endian integers, float32 and float64 are read (convert with "
      "array.astype('<f4') or so)",
      source, header.type);
}

NpyArray read_npy(const std::filesystem::path& path) { return read_npy(read_file(path), path.string()); }

std::vector<std::byte> npy_bytes(const NpyArray& array) {
  return std::visit(
      [&](const auto& values) {
        using T = typename std::decay_t<decltype(values)>::value_type;
        BITLOOM_CHECK(array.shape.size() <= kMaxDimensions);
        BITLOOM_CHECK(count_elements(array.shape, "array") == static_cast<int64_t>(values.size()));
        std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", type_name<T>(),
                                         fmt::join(array.shape, ", "), array.shape.size() == 1 ? "," : "");
        // The elements begin at a multiple of 64 bytes, and the header ends with a line feed.
        header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
        header += '\n';
        std::string text(kMagic);
        text += {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
        text += header;
        const auto data = std::as_bytes(std::span(values));
        std::vector<std::byte> bytes(text.size() + data.size());
        std::memcpy(bytes.data(), text.data(), text.size());
        if (!data.empty()) std::memcpy(bytes.data() + text.size(), data.data(), data.size());
        return bytes;
      },
      array.data);
}

void write_npy(const NpyArray& array, const std::filesystem::path& path) {
  write_file(path, std::span<const std::byte>(npy_bytes(array)));
}

}  // namespace bitloom::data
