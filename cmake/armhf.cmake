# SPDX-License-Identifier: Apache-2.0
#
# Builds for 32-bit ARM with NEON, as the Cortex-A9 of a PYNQ-Z1, with Debian's cross compiler.
set(CMAKE_SYSTEM_PROCESSOR arm)
# GCC would note wherever it passes 64-bit numbers otherwise than before version 7.1.
set(CMAKE_CXX_FLAGS_INIT "-march=armv7-a -mfpu=neon -mfloat-abi=hard -Wno-psabi")
set(BITLOOM_ARCHITECTURE armhf)
set(BITLOOM_TRIPLET arm-linux-gnueabihf)
set(BITLOOM_CPU cortex-a9)
include(${CMAKE_CURRENT_LIST_DIR}/cross.cmake)
