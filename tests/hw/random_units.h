// SPDX-License-Identifier: Apache-2.0
//
// Units as networks need them, at random sizes and with random contents: what resource models are fitted to and tested on.
#pragma once

#include <random>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::test {

class RandomUnits {
 public:
  explicit RandomUnits(uint64_t seed) : random_(seed) {}

  hw::Mvtu mvtu();
  hw::Window window();
  hw::Threshold threshold();
  hw::Table table();
  hw::MaxPool max_pool();
  hw::SumPool sum_pool();
  hw::Width width();
  hw::Fifo fifo();
  hw::Add add();
  hw::Top1 top1();

  /// So many of each kind, but more matrix units; small enough that synthesis takes some seconds each.
  std::vector<hw::Unit> units(int each, int mvtus);

 private:
  int64_t pick(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }
  int32_t one_of(std::vector<int32_t> list) { return list[static_cast<size_t>(pick(0, int64_t(list.size()) - 1))]; }
  bool often() { return pick(0, 3) != 0; }
  hw::MemoryStyle style(bool block) { return block ? hw::MemoryStyle::kBlock : hw::MemoryStyle::kDistributed; }
  std::vector<uint32_t> codes(int32_t levels) const;
  /// Of rows x levels, ascending in each row, spread like sums of so many equally likely signs.
  std::vector<int64_t> thresholds(int64_t rows, int32_t levels, double deviation, int64_t bound);

  std::mt19937_64 random_;
};

}  // namespace bitloom::test
