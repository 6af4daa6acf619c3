#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the engine for ARM and runs its tests with qemu: build_and_test.sh aarch64|armhf JOBS. Exits with 77 for "skipped"
# where something is missing that this takes.
set -eu
cd "$(dirname "$0")/../.."
preset=$1
jobs=$2

case "$preset" in
  aarch64) compiler=aarch64-linux-gnu-g++; qemu=qemu-aarch64; libraries=build/libraries/arm64 ;;
  armhf) compiler=arm-linux-gnueabihf-g++; qemu=qemu-arm; libraries=build/libraries/armhf ;;
  *) echo "usage: $0 aarch64|armhf JOBS" >&2; exit 2 ;;
esac

skip() {
  echo "SKIPPED: $1"
  exit 77
}
command -v $compiler >/dev/null || skip "no cross compiler $compiler (scripts/install-packages.sh test installs it)"
command -v $qemu-static >/dev/null || command -v $qemu >/dev/null || skip "no emulator $qemu (scripts/install-packages.sh test installs it)"
[ -f $libraries/packages ] || skip "no $libraries (scripts/fetch-arm-libraries.sh gets it)"

cmake --preset "$preset"
cmake --build --preset "$preset" -j "$jobs"
tests="ctest --test-dir build/$preset --output-on-failure -L fast -j $jobs"
# With vectors, which a test finds to be the default; and without.
BITLOOM_CASES=1000 $tests
BITLOOM_TARGET=portable $tests -R '^engine\.'
