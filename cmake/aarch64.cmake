# SPDX-License-Identifier: Apache-2.0
#
# Builds for 64-bit ARM with Debian's cross compiler. Tests run on a CPU with the first version's instructions and no more.
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(BITLOOM_ARCHITECTURE arm64)
set(BITLOOM_TRIPLET aarch64-linux-gnu)
set(BITLOOM_CPU cortex-a53)
include(${CMAKE_CURRENT_LIST_DIR}/cross.cmake)
