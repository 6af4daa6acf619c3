// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bitloom/train.h"

namespace bitloom::train {

/// The recipe as JSON with every field, so that equal recipes have equal text whatever their files leave out.
std::string print(const Recipe& recipe);

/// Throws Error naming the field of `recipe` whose value cannot be trained; `source` stands for the file.
void check(const Recipe& recipe, std::string_view source);

}  // namespace bitloom::train
