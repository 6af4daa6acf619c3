// SPDX-License-Identifier: Apache-2.0
//
// The wall between exceptions and C: every function of bitloom.h that can fail does its work inside `guarded`.
#pragma once

#include "bitloom.h"
#include "bitloom/error.h"

namespace bitloom::capi {

/// Keeps the message of the exception that is being handled, and says which status it is. Call in a catch block only.
bitloom_status keep_exception() noexcept;

/// BITLOOM_OK, or what the exception says that `function` throws.
template <typename Function>
bitloom_status guarded(Function function) noexcept {
  try {
    function();
    return BITLOOM_OK;
  } catch (...) {
    return keep_exception();
  }
}

/// What the pointer points to. Throws Error if it is NULL; `name` is the argument's.
template <typename T>
T& given(T* pointer, const char* name) {
  if (pointer == nullptr) throw Error("argument '{}' is NULL", name);
  return *pointer;
}

}  // namespace bitloom::capi
