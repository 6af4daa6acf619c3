// SPDX-License-Identifier: Apache-2.0
//
// The one symbol that a program looks up after it has loaded this library.
#include "bitloom/train.h"

extern "C" const bitloom::train::Api* bitloom_train_api() {
  static constexpr bitloom::train::Api kApi = {bitloom::train::kApiVersion, &bitloom::train::read_recipe,
                                               &bitloom::train::train};
  return &kApi;
}
