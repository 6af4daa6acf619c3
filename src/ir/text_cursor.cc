// SPDX-License-Identifier: Apache-2.0
//
// Tokens of the text form.
#include "text_cursor.h"

namespace bitloom::ir {
namespace {

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

void TextCursor::skip_blanks() {
  while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r')) rest_.remove_prefix(1);
}

bool TextCursor::at_end() {
  skip_blanks();
  return rest_.empty() || rest_[0] == '#';
}

void TextCursor::expect_end() {
  if (!at_end()) fail("the end of the line");
}

bool TextCursor::accept(std::string_view literal) {
  skip_blanks();
  if (!rest_.starts_with(literal)) return false;
  const bool ends_inside_word =
      rest_.size() > literal.size() && is_word_character(literal.back()) && is_word_character(rest_[literal.size()]);
  // "3x3": the x is a literal although digits follow.
  if (ends_inside_word && literal.size() > 1) return false;
  rest_.remove_prefix(literal.size());
  return true;
}

void TextCursor::expect(std::string_view literal) {
  if (!accept(literal)) fail(fmt::format("'{}'", literal));
}

std::string_view TextCursor::word(std::string_view expected) {
  skip_blanks();
  size_t size = 0;
  while (size < rest_.size() && is_word_character(rest_[size])) ++size;
  if (size == 0) fail(expected);
  const std::string_view result = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return result;
}

bool TextCursor::at(std::string_view characters) {
  skip_blanks();
  return rest_.starts_with(characters);
}

std::string TextCursor::quoted() {
  if (!at("\"")) fail("a name in quotes");
  std::string result;
  for (size_t i = 1; i < rest_.size(); ++i) {
    const char c = rest_[i];
    if (c == '"') {
      rest_.remove_prefix(i + 1);
      return result;
    }
    if (c != '\\') {
      result += c;
      continue;
    }
    const char escaped = i + 1 < rest_.size() ? rest_[i + 1] : '\0';
    if (escaped == '"' || escaped == '\\') {
      result += escaped;
      ++i;
    } else if (escaped == 'n') {
      result += '\n';
      ++i;
    } else if (escaped == 'x' && i + 3 < rest_.size() && hex_digit(rest_[i + 2]) >= 0 && hex_digit(rest_[i + 3]) >= 0) {
      result += static_cast<char>(hex_digit(rest_[i + 2]) * 16 + hex_digit(rest_[i + 3]));
      i += 3;
    } else {
      rest_.remove_prefix(i);
      fail("\\\", \\\\, \\n or \\xHH");
    }
  }
  fail("a closing quote on this line");
}

uint64_t TextCursor::hex_word() {
  uint64_t word = 0;
  for (size_t i = 0; i < 16; ++i) {
    const int digit = i < rest_.size() ? hex_digit(rest_[i]) : -1;
    if (digit < 0) fail("16 hexadecimal digits (0-9, a-f) for each word of weights");
    word = word << 4 | static_cast<uint64_t>(digit);
  }
  rest_.remove_prefix(16);
  return word;
}

void TextCursor::fail(std::string_view expected) {
  constexpr size_t kShown = 24;
  if (at_end()) throw error(fmt::format("expected {}, found the end of the line", expected));
  const std::string_view found = rest_.substr(0, rest_.find_first_of(" \t\r"));
  throw error(
      fmt::format("expected {}, found '{}{}'", expected, found.substr(0, kShown), found.size() > kShown ? "..." : ""));
}

Error TextCursor::error(std::string_view message) const {
  return line_ == 0 ? Error("{}", message) : Error("line {}: {}", line_, message);
}

}  // namespace bitloom::ir
