// SPDX-License-Identifier: Apache-2.0
//
// Numbers and texts as the report shows them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bitloom::train {

/// As text or as attribute value. Bytes that are not UTF-8 and control characters become U+FFFD.
std::string escape(std::string_view text);

std::string number(double value);                  ///< to four digits: 0.4213, or "not a number"
std::string percent(double share);                 ///< of 0 to 1: 98.56 %
std::string percent(int64_t part, int64_t whole);  ///< "none" if the whole is nothing
std::string grouped(int64_t count);                ///< 10,000
std::string duration(double seconds);              ///< 12.3 s, 4 min 5 s, 3 h 12 min

}  // namespace bitloom::train
