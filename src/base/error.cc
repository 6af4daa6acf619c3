// SPDX-License-Identifier: Apache-2.0
#include "bitloom/error.h"

namespace bitloom {

void fail_check(const char* condition, const char* file, int line) {
  throw InternalError(fmt::format("{}:{}: internal check failed: {}", file, line, condition));
}

}  // namespace bitloom
