// SPDX-License-Identifier: Apache-2.0
#include "report_text.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bitloom::train {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// JSON's own text replaces what is not UTF-8; read back it is the text again.
std::string valid_utf8(std::string_view text) {
  using nlohmann::json;
  return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>();
}

}  // namespace

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : valid_utf8(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      case '\t':
      case '\n':
        escaped += c;
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          escaped += kReplacement;
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

std::string number(double value) { return std::isnan(value) ? "not a number" : fmt::format("{:.4g}", value); }

std::string percent(double share) { return std::isnan(share) ? "not a number" : fmt::format("{:.2f} %", 100 * share); }

std::string percent(int64_t part, int64_t whole) {
  return whole == 0 ? "none" : percent(static_cast<double>(part) / static_cast<double>(whole));
}

std::string grouped(int64_t count) {
  std::string text = fmt::format("{}", count);
  const size_t first_digit = count < 0 ? 1 : 0;
  for (size_t at = text.size(); at > first_digit + 3;) text.insert(at -= 3, ",");
  return text;
}

std::string duration(double seconds) {
  constexpr double kUnheardOf = 1e9;
  if (!(seconds >= 0 && seconds < kUnheardOf)) return number(seconds) + " s";
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

}  // namespace bitloom::train
