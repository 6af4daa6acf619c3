# SPDX-License-Identifier: Apache-2.0
#
#   make demo    installs what the core needs, builds, and shows the main job
#   make test    installs what the whole suite needs, builds, and runs every test
#   make train   builds the trainer as well (LibTorch)
#   make bench   builds and runs the benchmarks
#   make peers   measures bitloom beside oneDNN and ONNX Runtime
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 40

.PHONY: demo test fast train bench peers format clean

build/release/build.ninja:
	@scripts/install-packages.sh core
	@cmake --preset release > build-release.log 2>&1 || { cat build-release.log; rm -f build-release.log; exit 1; }
	@rm -f build-release.log

demo: build/release/build.ninja
	@cmake --build --preset release -j $(JOBS)
	@build/release/bin/bitloom demo

train:
	@scripts/install-packages.sh train
	@cmake --preset release -DBITLOOM_TRAIN=ON
	@cmake --build --preset release -j $(JOBS)

# First everything with g++, optimized; then with clang under AddressSanitizer and UndefinedBehaviorSanitizer: the fast tests
# again, and each reader under the fuzzer.
test:
	@scripts/install-packages.sh test
	cmake --preset test
	cmake --build --preset test -j $(JOBS)
	@scripts/fetch-test-data.sh build/test/bin/bitloom
	@scripts/fetch-arm-libraries.sh
	ctest --preset test -j $(JOBS)
	cmake --preset asan -DBITLOOM_FUZZ_SECONDS=$(FUZZ_SECONDS)
	cmake --build --preset asan -j $(JOBS)
	ctest --preset asan -j $(JOBS) -L 'fast|fuzz'

# The fast tests alone, for the time between two edits.
fast:
	@scripts/install-packages.sh test
	cmake --preset test
	cmake --build --preset test -j $(JOBS)
	ctest --preset test -j $(JOBS) -L fast

bench:
	@scripts/install-packages.sh bench
	@cmake --preset release -DBITLOOM_BENCH=ON
	@cmake --build --preset release -j $(JOBS) --target bitloom_bench
	@build/release/bin/bitloom_bench --benchmark_counters_tabular=true --benchmark_min_time=0.05

peers:
	@scripts/install-packages.sh peers
	@cmake --preset release -DBITLOOM_BENCH_PEERS=ON
	@cmake --build --preset release -j $(JOBS) --target bitloom_bench_peers
	@npm install --ignore-scripts --no-audit --no-fund --prefix bench/peers
	@build/release/bin/bitloom_bench_peers --write-onnx build/release/onnx
	@build/release/bin/bitloom_bench_peers --onnxruntime build/release/onnx

format:
	git ls-files '*.cc' '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf build
