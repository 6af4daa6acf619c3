#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Gets the data sets that accuracy tests read. Without them (no network) those tests say 'skipped'; CIFAR-10 is large and used
# only by tests of third-party models, so it is left alone where those are not there.
set -eu
bitloom=$1
"$bitloom" fetch mnist || echo "MNIST could not be fetched; tests on it will be skipped"
if [ -d "$(dirname "$0")/../../shared/golden" ]; then
  "$bitloom" fetch cifar10 || echo "CIFAR-10 could not be fetched; tests on it will be skipped"
fi
