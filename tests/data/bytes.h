// SPDX-License-Identifier: Apache-2.0
//
// Small things that all tests of `data` need: bytes from text, damage, and the text of an error.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "bitloom/error.h"
#include "support/temporary_folder.h"

namespace bitloom::test {

using Bytes = std::vector<std::byte>;

inline Bytes to_bytes(std::string_view text) {
  const auto span = std::as_bytes(std::span(text));
  return {span.begin(), span.end()};
}

/// The message of the Error that `action` throws, or a line that says it did not.
inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

/// Reads every prefix of `bytes` and `bytes` with every bit flipped in turn (or every `step`-th). Anything but an Error
/// fails the test; prefixes must fail with one.
inline void damage(const Bytes& bytes, const std::function<void(std::span<const std::byte>)>& read, size_t step = 1) {
  for (size_t size = 0; size < bytes.size(); size += step) {
    const Bytes prefix(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THROW(read(prefix), Error) << "the first " << size << " bytes";
  }
  for (size_t bit = 0; bit < bytes.size() * 8; bit += step) {
    Bytes flipped = bytes;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    try {
      read(flipped);
    } catch (const Error&) {
    }
  }
}

}  // namespace bitloom::test
