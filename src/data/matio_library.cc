// SPDX-License-Identifier: Apache-2.0
#include "matio_library.h"

#include <dlfcn.h>

#include "bitloom/error.h"

namespace bitloom::data {
namespace {

thread_local std::string complaint;

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (!function) throw Error("{} has no function {}; install another version", BITLOOM_MATIO, name);
}

MatioLibrary load() {
  void* library = ::dlopen(BITLOOM_MATIO, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    throw Error("reading .mat files needs matio ({}); install it (on Debian: apt install libmatio-dev)", ::dlerror());
  }
  MatioLibrary functions;
  find(library, "Mat_Open", functions.open);
  find(library, "Mat_Close", functions.close);
  find(library, "Mat_VarReadNextInfo", functions.read_next_info);
  find(library, "Mat_VarReadDataAll", functions.read_data);
  find(library, "Mat_VarFree", functions.free);
  decltype(&Mat_LogInitFunc) listen = nullptr;
  find(library, "Mat_LogInitFunc", listen);
  listen("bitloom", [](int, char* message) { complaint = message; });
  return functions;
}

}  // namespace

const MatioLibrary& matio() {
  static const MatioLibrary library = load();
  return library;
}

const std::string& matio_complaint() { return complaint; }

void forget_complaint() { complaint.clear(); }

}  // namespace bitloom::data
