#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Unpacks the libraries that the engine and its tests need on ARM, from this machine's own Debian archive to
# build/libraries/arm64 and build/libraries/armhf. Nothing is installed and apt's own state is left alone. Without them (no
# network; Ubuntu, which keeps ARM in another archive) the tests on ARM say 'skipped'.
set -eu
cd "$(dirname "$0")/.."
packages="libfmt-dev libtbb-dev libhwy-dev libflatbuffers-dev libgtest-dev"
folder=$PWD/build/libraries

# apt for another architecture, as if nothing were installed, so that it finds all that the packages need.
apt() {
  for_architecture=$1
  shift
  apt-get -qq -y -o APT::Architecture="$for_architecture" -o APT::Architectures::="$for_architecture" \
    -o APT::Sandbox::User="$(id -un)" -o Dir::State="$folder/apt" -o Dir::State::status="$folder/apt/status" \
    -o Dir::Cache="$folder/apt/cache" "$@" >>"$folder/log" 2>&1
}

for architecture in arm64 armhf; do
  unpacked=$folder/$architecture
  if [ "$(cat "$unpacked/packages" 2>/dev/null)" = "$packages" ]; then continue; fi
  echo "Getting the libraries for $architecture (to build/libraries, for the tests on ARM)."
  rm -rf "$folder/apt" "$unpacked"
  mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
  : >"$folder/apt/status"
  # Some archives among apt's sources may not have this architecture.
  apt $architecture update || true
  if ! apt $architecture --no-install-recommends --download-only install $packages; then
    echo "They could not be fetched (build/libraries/log says why); tests on $architecture will be skipped."
    continue
  fi
  mkdir "$unpacked"
  for package in "$folder"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$unpacked"; done
  # Packages that are made for a /lib within /usr have no /lib.
  if [ ! -e "$unpacked/lib" ]; then ln -s usr/lib "$unpacked/lib"; fi
  # The compiler of schemas is the one thing that runs while building.
  ln -sf "$(command -v flatc)" "$unpacked/usr/bin/flatc"
  echo "$packages" >"$unpacked/packages"
done
rm -rf "$folder/apt"
