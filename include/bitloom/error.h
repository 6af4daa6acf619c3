// SPDX-License-Identifier: Apache-2.0
//
// The three ways in which something can go wrong, and the one way to say each.
//
//   Error          the user's input is wrong: says where, what was found, what was expected, what to do
//   Unsupported    legal input that bitloom does not handle yet; same form, never called invalid
//   InternalError  bitloom is wrong; thrown by BITLOOM_CHECK and not reachable from any input
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace bitloom {

class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}

  template <typename... Args>
  explicit Error(fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)) {}
};

class Unsupported : public Error {
 public:
  using Error::Error;
};

class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws InternalError naming the condition and its place. Called by BITLOOM_CHECK only.
[[noreturn]] void fail_check(const char* condition, const char* file, int line);

/// Insertions, deletions and replacements of one character that turn `a` into `b`: for messages that name what was perhaps
/// meant.
size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace bitloom

/// States what must hold if bitloom is right. Stays on in release builds.
#define BITLOOM_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::bitloom::fail_check(#condition, __FILE__, __LINE__))
