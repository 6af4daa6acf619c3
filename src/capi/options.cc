// SPDX-License-Identifier: Apache-2.0
//
// Options are checked where that needs no model: the engine and `lower` check the rest.
#include "handles.h"

namespace {

using bitloom::Error;
using bitloom::capi::given;
using bitloom::capi::guarded;
using bitloom::lower::InputKind;

InputKind input_kind(int32_t input) {
  switch (input) {
    case BITLOOM_INPUT_AUTO:
      return InputKind::kAutomatic;
    case BITLOOM_INPUT_PIXELS:
      return InputKind::kPixels;
    case BITLOOM_INPUT_UINT8:
      return InputKind::kUint8;
    case BITLOOM_INPUT_REAL:
      return InputKind::kReal;
  }
  throw Error("input is {}, expected one of BITLOOM_INPUT_AUTO (0) to BITLOOM_INPUT_REAL (3)", input);
}

}  // namespace

bitloom_status bitloom_options_create(bitloom_options** options) {
  return guarded([&] {
    given(options, "options") = nullptr;
    *options = new bitloom_options;
  });
}

void bitloom_options_free(bitloom_options* options) { delete options; }

bitloom_status bitloom_options_set_threads(bitloom_options* options, int32_t threads) {
  return guarded([&] {
    given(options, "options");
    if (threads < 0) throw Error("threads is {}, expected 1 or more, or 0 for one a hardware thread", threads);
    options->engine.threads = threads;
  });
}

bitloom_status bitloom_options_set_pin(bitloom_options* options, int32_t pin) {
  return guarded([&] { given(options, "options").engine.pin = pin != 0; });
}

bitloom_status bitloom_options_set_target(bitloom_options* options, const char* target) {
  return guarded([&] { given(options, "options").engine.target = &given(target, "target"); });
}

bitloom_status bitloom_options_set_input(bitloom_options* options, int32_t input) {
  return guarded([&] { given(options, "options").lower.input = input_kind(input); });
}
