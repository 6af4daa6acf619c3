// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bitloom/error.h"

namespace bitloom::test {

/// The text of the Error that `function` throws; "no error" if it throws none.
template <typename Function>
std::string error_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace bitloom::test
