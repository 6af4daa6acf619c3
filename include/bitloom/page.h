// SPDX-License-Identifier: Apache-2.0
//
// Reports as one HTML file that needs nothing beside it, and numbers and texts as they show them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bitloom::page {

/// As text or as attribute value. Bytes that are not UTF-8 and control characters become U+FFFD.
std::string escape(std::string_view text);

std::string number(double value);                  ///< to four digits: 0.4213, or "not a number"
std::string percent(double share);                 ///< of 0 to 1: 98.56 %
std::string percent(int64_t part, int64_t whole);  ///< "none" if the whole is nothing
std::string grouped(int64_t count);                ///< 10,000
std::string duration(double seconds);              ///< 12.3 s, 4 min 5 s, 3 h 12 min

/// A label and its value, both escaped already, for a `dl`.
std::string fact(std::string_view label, std::string_view value);

/// The whole page. `title` is escaped here; `style` is added to the style sheet of all pages (colours as variables, light
/// and dark; `.card`, `.top`, `.main`, `dl`, `details`); `body` is XHTML. The page loads nothing and runs nothing, whatever
/// texts it shows.
std::string document(std::string_view title, std::string_view style, std::string_view body);

}  // namespace bitloom::page
