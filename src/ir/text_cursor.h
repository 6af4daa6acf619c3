// SPDX-License-Identifier: Apache-2.0
//
// A position in one line of the text form, and the tokens that can be read from there. Each reader skips blanks first and
// throws Error, with the line's number and what was expected, when something else stands there.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "bitloom/ir.h"

namespace bitloom::ir {

class TextCursor {
 public:
  /// `line` is 0 for text that is not part of a file; errors then have no place.
  TextCursor(std::string_view text, int64_t line) : rest_(text), line_(line) {}

  /// Nothing but blanks or a comment is left.
  bool at_end();
  void expect_end();

  /// Steps over `literal` if it stands here. One that ends like a word must be the whole word.
  bool accept(std::string_view literal);
  void expect(std::string_view literal);

  /// A run of letters, digits and '_'.
  std::string_view word(std::string_view expected);

  std::string quoted();

  /// These characters stand here; they stay.
  bool at(std::string_view characters);

  template <typename T>
  T integer(std::string_view expected, T lowest = std::numeric_limits<T>::min(), T highest = std::numeric_limits<T>::max());
  /// Any form that std::from_chars reads, "inf" and "-inf" included.
  template <typename T>
  T real(std::string_view expected);

  /// 64 bits as 16 hexadecimal digits, no blanks before.
  uint64_t hex_word();
  size_t size() const { return rest_.size(); }

  int64_t line() const { return line_; }
  [[noreturn]] void fail(std::string_view expected);
  /// An Error with the line's number in front.
  Error error(std::string_view message) const;

 private:
  void skip_blanks();

  std::string_view rest_;
  int64_t line_;
};

template <typename T>
T TextCursor::integer(std::string_view expected, T lowest, T highest) {
  skip_blanks();
  T value{};
  const auto [end, status] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  if (status != std::errc() || value < lowest || value > highest) fail(expected);
  rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
  return value;
}

template <typename T>
T TextCursor::real(std::string_view expected) {
  skip_blanks();
  T value{};
  const auto [end, status] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  if (status != std::errc()) fail(expected);
  rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
  return value;
}

/// Throws Error also when the encoding breaks a rule.
Encoding read_encoding(TextCursor& cursor);

}  // namespace bitloom::ir
