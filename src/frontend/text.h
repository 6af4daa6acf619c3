// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace bitloom::frontend {

/// Names from files end up in messages, reports and JSON documents, all of which are UTF-8.
bool is_utf8(std::string_view text);

}  // namespace bitloom::frontend
