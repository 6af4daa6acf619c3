// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace bitloom::frontend {

/// The file that a FINN topology JSON names as its parameters, relative to its own folder; "" if it names none.
std::string parameters_file(std::string_view json, std::string_view source);

}  // namespace bitloom::frontend
