// SPDX-License-Identifier: Apache-2.0
//
// The functions of matio that are used. The library is loaded by the first call: it brings HDF5 and thirty libraries with
// it, and if bitloom were linked with it, every command would start a hundredth of a second later.
#pragma once

#include <string>

#include <matio.h>

namespace bitloom::data {

struct MatioLibrary {
  decltype(&Mat_Open) open = nullptr;
  decltype(&Mat_Close) close = nullptr;
  decltype(&Mat_VarReadNextInfo) read_next_info = nullptr;
  decltype(&Mat_VarReadDataAll) read_data = nullptr;
  decltype(&Mat_VarFree) free = nullptr;
};

/// Throws Error when the library is not installed.
const MatioLibrary& matio();

/// What matio last complained of in this thread, which it would print otherwise; empty after forget_complaint().
const std::string& matio_complaint();
void forget_complaint();

}  // namespace bitloom::data
