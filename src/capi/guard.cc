// SPDX-License-Identifier: Apache-2.0
#include "guard.h"

#include <new>
#include <system_error>

namespace bitloom::capi {
namespace {

thread_local std::string kept;  // owns what `message` points to, unless that is a literal
thread_local const char* message = "";

// Memory may be short even for the message.
bitloom_status keep(bitloom_status status, const char* text) noexcept {
  try {
    kept = text;
    message = kept.c_str();
  } catch (...) {
    message = "out of memory (the message of the error as well)";
  }
  return status;
}

}  // namespace

bitloom_status keep_exception() noexcept {
  try {
    throw;
  } catch (const Unsupported& error) {
    return keep(BITLOOM_UNSUPPORTED, error.what());
  } catch (const Error& error) {
    return keep(BITLOOM_ERROR, error.what());
  } catch (const std::system_error& error) {  // a path that the system does not let us look at
    return keep(BITLOOM_ERROR, error.what());
  } catch (const std::bad_alloc&) {
    return keep(BITLOOM_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return keep(BITLOOM_INTERNAL_ERROR, error.what());
  } catch (...) {
    return keep(BITLOOM_INTERNAL_ERROR, "an exception of an unknown type");
  }
}

}  // namespace bitloom::capi

const char* bitloom_error_message(void) { return bitloom::capi::message; }
