// SPDX-License-Identifier: Apache-2.0
//
// ONNX tensors as arrays of doubles.
#pragma once

#include <string_view>

#include <onnx/onnx_pb.h>

#include "graph_building.h"

namespace bitloom::frontend {

/// The tensor's values. `what` says which tensor it is ("initializer 'w'"). Throws Error when shape and data do not agree
/// or a value is not exact in a double, Unsupported for data in another file and for elements that are not numbers.
Array read_tensor(const onnx::TensorProto& tensor, std::string_view source, std::string_view what, ElementBudget& budget);

/// The integer as a double. INT64_MAX and INT64_MIN, by which exporters mean "to the end", become 2^53 and -2^53; other
/// integers beyond these are an Error.
double exact_integer(int64_t value, std::string_view source, std::string_view what);

}  // namespace bitloom::frontend
