// SPDX-License-Identifier: Apache-2.0
//
// A TensorProto stores its elements either as raw little-endian bytes or in one of five typed lists; which list belongs to
// which element type is a table of the ONNX standard (onnx.proto, message TensorProto).
#include "onnx_tensor.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace bitloom::frontend {
namespace {

using onnx::TensorProto;

static_assert(std::endian::native == std::endian::little, "raw tensor data are little-endian");

constexpr int64_t kExactInteger = int64_t{1} << 53;

struct Tensor {
  const TensorProto& proto;
  std::string_view source;
  std::string_view what;
  size_t elements;
};

double from_half(uint16_t bits) {
  const double sign = bits & 0x8000 ? -1 : 1;
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  if (exponent == 31) {
    return fraction ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
  }
  return sign * (exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24));
}

double from_bfloat(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

[[noreturn]] void fail_exact(std::string_view source, std::string_view what, const std::string& value) {
  throw Error("{}: {} holds {}, beyond the integers up to 2^53 that bitloom keeps exactly", source, what, value);
}

[[noreturn]] void fail_size(const Tensor& tensor, size_t found, std::string_view unit, size_t expected) {
  throw Error("{}: {} has {} elements by its shape, which is {} {}, but holds {}", tensor.source, tensor.what,
              tensor.elements, expected, unit, found);
}

// Elements are stored as `Stored` in raw data and widened to the list's own type otherwise.
template <typename Stored, typename List, typename Convert>
std::vector<double> read_elements(const Tensor& tensor, const List& list, Convert convert) {
  std::vector<double> result;
  if (tensor.proto.has_raw_data()) {
    const std::string& raw = tensor.proto.raw_data();
    if (raw.size() != tensor.elements * sizeof(Stored)) {
      fail_size(tensor, raw.size(), "bytes", tensor.elements * sizeof(Stored));
    }
    result.reserve(tensor.elements);
    for (size_t i = 0; i < tensor.elements; ++i) {
      Stored value;
      std::memcpy(&value, raw.data() + i * sizeof(Stored), sizeof(Stored));
      result.push_back(convert(value));
    }
    return result;
  }
  if (static_cast<size_t>(list.size()) != tensor.elements) {
    fail_size(tensor, static_cast<size_t>(list.size()), "values", tensor.elements);
  }
  result.reserve(tensor.elements);
  for (const auto value : list) {
    if constexpr (std::is_integral_v<Stored> && !std::is_same_v<Stored, bool>) {
      if (static_cast<decltype(value)>(static_cast<Stored>(value)) != value) {
        throw Error("{}: {} holds {}, which its element type {} does not have", tensor.source, tensor.what, value,
                    TensorProto::DataType_Name(tensor.proto.data_type()));
      }
    }
    result.push_back(convert(static_cast<Stored>(value)));
  }
  return result;
}

std::vector<double> read_data(const Tensor& tensor) {
  const TensorProto& proto = tensor.proto;
  const auto real = [](auto value) { return static_cast<double>(value); };
  const auto signed_integer = [&](int64_t value) { return exact_integer(value, tensor.source, tensor.what); };
  const auto unsigned_integer = [&](uint64_t value) {
    if (value > kExactInteger) fail_exact(tensor.source, tensor.what, std::to_string(value));
    return static_cast<double>(value);
  };
  switch (proto.data_type()) {
    case TensorProto::FLOAT:
      return read_elements<float>(tensor, proto.float_data(), real);
    case TensorProto::DOUBLE:
      return read_elements<double>(tensor, proto.double_data(), real);
    case TensorProto::FLOAT16:
      return read_elements<uint16_t>(tensor, proto.int32_data(), from_half);
    case TensorProto::BFLOAT16:
      return read_elements<uint16_t>(tensor, proto.int32_data(), from_bfloat);
    case TensorProto::BOOL: {
      return read_elements<uint8_t>(tensor, proto.int32_data(), [](uint8_t value) { return value ? 1.0 : 0.0; });
    }
    case TensorProto::INT8:
      return read_elements<int8_t>(tensor, proto.int32_data(), real);
    case TensorProto::INT16:
      return read_elements<int16_t>(tensor, proto.int32_data(), real);
    case TensorProto::INT32:
      return read_elements<int32_t>(tensor, proto.int32_data(), real);
    case TensorProto::INT64:
      return read_elements<int64_t>(tensor, proto.int64_data(), signed_integer);
    case TensorProto::UINT8:
      return read_elements<uint8_t>(tensor, proto.int32_data(), real);
    case TensorProto::UINT16:
      return read_elements<uint16_t>(tensor, proto.int32_data(), real);
    case TensorProto::UINT32:
      return read_elements<uint32_t>(tensor, proto.uint64_data(), real);
    case TensorProto::UINT64:
      return read_elements<uint64_t>(tensor, proto.uint64_data(), unsigned_integer);
    default:
      break;  // the schema grows: what is not in this list is refused by number
  }
  const std::string& name = TensorProto::DataType_IsValid(proto.data_type())
                                ? TensorProto::DataType_Name(static_cast<TensorProto::DataType>(proto.data_type()))
                                : std::to_string(proto.data_type());
  throw Unsupported("{}: {} has elements of type {}; bitloom reads real numbers and integers", tensor.source, tensor.what,
                    name);
}

}  // namespace

double exact_integer(int64_t value, std::string_view source, std::string_view what) {
  // No tensor is longer than 2^53, so that number says "to the end" as well, and is exact.
  if (value == std::numeric_limits<int64_t>::max()) return static_cast<double>(kExactInteger);
  if (value == std::numeric_limits<int64_t>::min()) return static_cast<double>(-kExactInteger);
  if (value > kExactInteger || value < -kExactInteger) fail_exact(source, what, std::to_string(value));
  return static_cast<double>(value);
}

Array read_tensor(const TensorProto& tensor, std::string_view source, std::string_view what, ElementBudget& budget) {
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    throw Unsupported(
        "{}: {} keeps its data in another file; export the model in one file (onnx.save with save_as_external_data=False)",
        source, what);
  }
  if (tensor.has_segment()) throw Unsupported("{}: {} is stored in segments, which bitloom does not read", source, what);
  Array array;
  array.shape.assign(tensor.dims().begin(), tensor.dims().end());
  const auto elements = static_cast<size_t>(budget.take(array.shape, what));
  array.data = read_data({tensor, source, what, elements});
  return array;
}

}  // namespace bitloom::frontend
