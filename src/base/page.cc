// SPDX-License-Identifier: Apache-2.0
#include "bitloom/page.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bitloom::page {
namespace {

// Only `>` of the characters that XML keeps for itself may appear in it.
constexpr std::string_view kStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1b2028; --soft: #626b78; --line: #dfe3e8; --grid: #e9ecf0;
  --first: #2563eb; --second: #d9660b; --right: 37 99 235; --wrong: 217 80 32; --wrong-text: #b93f12;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101318; --card: #191d24; --text: #e6e9ee; --soft: #98a2b0; --line: #2e353f; --grid: #272d36;
    --first: #6ea3ff; --second: #ff9b4a; --right: 59 118 246; --wrong: 226 92 44; --wrong-text: #ff9064;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 28px 20px 48px; max-width: 1120px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 28px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 40px 0 4px; font-size: 20px; }
h3 { margin: 0 0 10px; font-size: 15px; }
p { margin: 0 0 14px; color: var(--soft); max-width: 75ch; }
figure { margin: 0; min-width: 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px; min-width: 0; }

.top { display: grid; grid-template-columns: auto 1fr; gap: 14px; margin-top: 18px; }
.main { display: flex; flex-direction: column; justify-content: center; padding: 22px 30px; }
.main b { font-size: 46px; line-height: 1.1; color: var(--first); white-space: nowrap; }
.main span { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 16px 24px; margin: 0; align-content: center; }
dt { color: var(--soft); font-size: 13px; }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }

details { margin-top: 40px; }
summary { cursor: pointer; font-weight: 600; }
pre { margin: 12px 0 0; overflow-x: auto; font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
@media (max-width: 820px) {
  body { padding: 18px 12px 36px; }
  .card { padding: 14px; }
  .top { grid-template-columns: minmax(0, 1fr); }
  dl { grid-template-columns: repeat(auto-fill, minmax(120px, 1fr)); }
}
)css";

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

std::string fact(std::string_view label, std::string_view value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", label, value);
}

std::string document(std::string_view title, std::string_view style, std::string_view body) {
  // The policy is a second lock: nothing is loaded and nothing runs, whatever the texts are.
  return fmt::format(
      R"(<!DOCTYPE html>
<html lang="en" xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
<title>{}</title><style>{}{}</style></head><body>
{}</body></html>
)",
      escape(title), kStyle, style, body);
}

}  // namespace bitloom::page
