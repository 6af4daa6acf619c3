// SPDX-License-Identifier: Apache-2.0
//
// The version, which the build tells to this file alone.
#include "bitloom.h"

const char* bitloom_version(void) { return BITLOOM_VERSION; }
