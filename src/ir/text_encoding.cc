// SPDX-License-Identifier: Apache-2.0
//
// Encodings as text: the usual ones by name, any other as planes(coefficients;bias;lowest..highest).
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "bitloom/ir.h"
#include "text_cursor.h"

namespace bitloom::ir {
namespace {

Encoding read_unchecked(TextCursor& cursor) {
  constexpr std::string_view kExpected =
      "an encoding (bipolar, unsigned4, signed2, signed2n, ternary, isometric3, planes(3,2;-5;-5..0))";
  TextCursor at_start = cursor;
  if (cursor.accept("planes(")) {
    Encoding encoding;
    do {
      encoding.coefficients.push_back(cursor.integer<int32_t>("a coefficient"));
    } while (encoding.coefficients.size() <= kMaxPlanes && cursor.accept(","));
    cursor.expect(";");
    encoding.bias = cursor.integer<int32_t>("the bias");
    cursor.expect(";");
    encoding.lowest = cursor.integer<int32_t>("the lowest value");
    cursor.expect("..");
    encoding.highest = cursor.integer<int32_t>("the highest value");
    cursor.expect(")");
    return encoding;
  }
  const std::string_view word = cursor.word(kExpected);
  if (word == "bipolar") return Encoding::bipolar();
  if (word == "ternary") return Encoding::ternary();
  const size_t digits = word.find_first_of("0123456789");
  const std::string_view kind = word.substr(0, digits);
  if (digits == word.npos || (kind != "unsigned" && kind != "signed" && kind != "isometric")) at_start.fail(kExpected);
  TextCursor number(word.substr(digits), cursor.line());
  const auto bits = number.integer<int>(kExpected, 1, kMaxPlanes);
  const bool narrow = kind == "signed" && bits > 1 && number.accept("n");
  if (!number.at_end()) at_start.fail(kExpected);
  if (kind == "unsigned") return Encoding::unsigned_bits(bits);
  return kind == "signed" ? Encoding::signed_bits(bits, narrow) : Encoding::isometric(bits);
}

}  // namespace

Encoding read_encoding(TextCursor& cursor) {
  Encoding encoding = read_unchecked(cursor);
  try {
    check(encoding);
  } catch (const Error& fault) {
    throw cursor.error(fault.what());
  }
  return encoding;
}

Encoding parse_encoding(std::string_view text) {
  TextCursor cursor(text, 0);
  const Encoding encoding = read_encoding(cursor);
  cursor.expect_end();
  return encoding;
}

std::string print(const Encoding& encoding) {
  const int planes = encoding.planes();
  if (planes >= 1 && planes <= kMaxPlanes) {
    if (encoding == Encoding::bipolar()) return "bipolar";
    if (encoding == Encoding::ternary()) return "ternary";
    if (encoding == Encoding::unsigned_bits(planes)) return fmt::format("unsigned{}", planes);
    if (encoding == Encoding::signed_bits(planes)) return fmt::format("signed{}", planes);
    if (planes >= 2 && encoding == Encoding::signed_bits(planes, true)) return fmt::format("signed{}n", planes);
    if (encoding == Encoding::isometric(planes)) return fmt::format("isometric{}", planes);
  }
  return fmt::format("planes({};{};{}..{})", fmt::join(encoding.coefficients, ","), encoding.bias, encoding.lowest,
                     encoding.highest);
}

}  // namespace bitloom::ir
