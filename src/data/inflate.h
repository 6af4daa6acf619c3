// SPDX-License-Identifier: Apache-2.0
//
// Single compressed streams: IDX files as .gz and the variables of .mat files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace bitloom::data {

enum class Wrapper { kZlib, kGzip };

bool is_gzip(std::span<const std::byte> bytes);

/// Inflates one stream to its end, hands what it holds to `take` piece by piece, and returns how many bytes that were.
/// Throws Error naming `source` when the stream is damaged (by its checksum, too), cut off, followed by other bytes, or
/// holds more than `limit` bytes.
int64_t inflate_stream(Wrapper wrapper, std::span<const std::byte> bytes, std::string_view source, int64_t limit,
                       const std::function<void(std::span<const std::byte>)>& take);

}  // namespace bitloom::data
