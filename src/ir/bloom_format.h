// SPDX-License-Identifier: Apache-2.0
//
// What the writer and the reader of .bloom files agree on besides the schema (docs/reference/bloom-file.md).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "bloom_generated.h"

namespace bitloom::ir {

/// Raised whenever an older reader would misread a newer file.
inline constexpr uint32_t kBloomVersion = 1;

/// FlatBuffers counts in 31 bits; a little is kept free for the parts around the weights.
inline constexpr int64_t kMaxBloomBytes = (int64_t{1} << 31) - (int64_t{1} << 16);

static_assert(std::endian::native == std::endian::little, "weights are used in place, so the machine is little-endian");

}  // namespace bitloom::ir
