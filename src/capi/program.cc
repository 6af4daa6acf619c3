// SPDX-License-Identifier: Apache-2.0
//
// Programs, and what can be asked of them as a whole.
#include "handles.h"

using bitloom::capi::element;
using bitloom::capi::given;
using bitloom::capi::guarded;
using bitloom::capi::Model;
using bitloom::capi::model_of;

bitloom_status bitloom_program_load(const char* path, const bitloom_options* options, bitloom_program** program) {
  return guarded([&] {
    given(program, "program") = nullptr;
    given(path, "path");
    const bitloom_options defaults;
    if (options == nullptr) options = &defaults;
    const bitloom::ir::Network network = bitloom::lower::load_model(path, options->lower);
    *program = new bitloom_program{std::make_shared<const Model>(network, options->engine)};
  });
}

void bitloom_program_free(bitloom_program* program) { delete program; }

bitloom_status bitloom_program_name(const bitloom_program* program, const char** name) {
  return guarded([&] { given(name, "name") = model_of(program).network().name.c_str(); });
}

// The engine's names of targets are literals, so each ends with a zero.
bitloom_status bitloom_program_target(const bitloom_program* program, const char** target) {
  return guarded([&] { given(target, "target") = model_of(program).program.target().data(); });
}

bitloom_status bitloom_program_threads(const bitloom_program* program, int32_t* threads) {
  return guarded([&] { given(threads, "threads") = model_of(program).program.threads(); });
}

bitloom_status bitloom_program_images_in_flight(const bitloom_program* program, int64_t* images) {
  return guarded([&] { given(images, "images") = model_of(program).program.images_in_flight(); });
}

bitloom_status bitloom_program_class_count(const bitloom_program* program, int64_t* count) {
  return guarded([&] { given(count, "count") = static_cast<int64_t>(model_of(program).network().classes.size()); });
}

bitloom_status bitloom_program_class_name(const bitloom_program* program, int64_t index, const char** name) {
  return guarded(
      [&] { given(name, "name") = element(model_of(program).network().classes, index, "a class name").c_str(); });
}
