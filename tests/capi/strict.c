/* SPDX-License-Identifier: Apache-2.0
 *
 * The header is C11 by itself, and its structures lie in memory as bindings of other languages have them.
 */
#include "bitloom.h"

#include <stddef.h>

_Static_assert(sizeof(bitloom_status) == 4, "a status is an int32_t");
_Static_assert(offsetof(bitloom_input, data) == 0, "of bitloom_input");
_Static_assert(offsetof(bitloom_input, count) == 8, "of bitloom_input");
_Static_assert(offsetof(bitloom_input, type) == 16, "of bitloom_input");
_Static_assert(offsetof(bitloom_input, reserved) == 20, "of bitloom_input");
_Static_assert(sizeof(bitloom_input) == 24, "of bitloom_input");
_Static_assert(offsetof(bitloom_output, data) == 0, "of bitloom_output");
_Static_assert(offsetof(bitloom_output, count) == 8, "of bitloom_output");
_Static_assert(sizeof(bitloom_output) == 16, "of bitloom_output");

/* Called by the tests: C and C++ mean the same function. */
const char* version_from_c(void);
const char* version_from_c(void) { return bitloom_version(); }
