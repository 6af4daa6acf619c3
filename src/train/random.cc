// SPDX-License-Identifier: Apache-2.0
#include "random.h"

namespace bitloom::train {
namespace {

std::mt19937_64 seeded(uint64_t seed, Use use, int64_t index) {
  const auto position = static_cast<uint64_t>(index);
  std::seed_seq sequence = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), static_cast<uint32_t>(use),
                            static_cast<uint32_t>(position), static_cast<uint32_t>(position >> 32)};
  return std::mt19937_64(sequence);
}

}  // namespace

Random::Random(uint64_t seed, Use use, int64_t index) : engine_(seeded(seed, use, index)) {}

uint64_t Random::below(uint64_t bound) {
  // Draws below 2^64 mod bound are thrown away: what is left is a multiple of `bound`, so that the remainder is even.
  const uint64_t rejected = (0 - bound) % bound;
  for (;;) {
    const uint64_t drawn = engine_();
    if (drawn >= rejected) return drawn % bound;
  }
}

float Random::symmetric() { return static_cast<float>(static_cast<int32_t>(engine_() >> 40) - (1 << 23)) * 0x1p-23F; }

}  // namespace bitloom::train
