// SPDX-License-Identifier: Apache-2.0
//
// Watches the handshakes of all streams of a design. For every stream it counts the words, the cycles in which its taker
// waited for one (starved) and those in which one waited for its taker (blocked); and for every unit the cycles in which a
// word that it gives is not taken (blocked), in which it moves a word or computes (busy), and the rest (starved).
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "ports.h"
#include "streams.h"

struct StreamCounts {
  uint64_t words = 0, starved = 0, blocked = 0;
};
struct UnitCounts {
  uint64_t busy = 0, starved = 0, blocked = 0;
};

class Watch {
 public:
  explicit Watch(const char* path) : streams_(kStreams), units_(kUnits.size()) {
    if (path == nullptr) return;
    file_ = std::fopen(path, "wb");
    if (file_ == nullptr) std::exit((std::fprintf(stderr, "%s: cannot be written\n", path), 2));
  }
  ~Watch() {
    if (file_ != nullptr) std::fclose(file_);
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void see(const Top& top, uint64_t cycle) {
    const auto &valid = streams_valid_of(top), &ready = streams_ready_of(top);
    for (size_t s = 0; s < kStreams; ++s) {
      const bool v = bit(valid, s), r = bit(ready, s);
      streams_[s].words += v && r;
      streams_[s].starved += !v && r;
      streams_[s].blocked += v && !r;
      if (!v || !r || file_ == nullptr) continue;
      const uint32_t record[2] = {static_cast<uint32_t>(s), static_cast<uint32_t>(cycle)};
      std::fwrite(record, sizeof record, 1, file_);
    }
    for (size_t u = 0; u < units_.size(); ++u) {
      const UnitStreams& unit = kUnits[u];
      bool blocked = false, busy = false;
      for (const size_t s : unit.out) {
        blocked |= bit(valid, s) && !bit(ready, s);
        busy |= bit(valid, s);
      }
      for (const size_t s : unit.in) busy |= bit(ready, s) ? bit(valid, s) : unit.computes;
      ++(blocked ? units_[u].blocked : busy ? units_[u].busy : units_[u].starved);
    }
  }

  std::string json() const {
    const auto list = [](const auto& counts, auto&& text) {
      std::string all;
      for (const auto& count : counts) all += (all.empty() ? "" : ", ") + text(count);
      return "[" + all + "]";
    };
    const auto numbers = [](uint64_t a, uint64_t b, uint64_t c) {
      return "[" + std::to_string(a) + ", " + std::to_string(b) + ", " + std::to_string(c) + "]";
    };
    return "\"streams\": " + list(streams_, [&](const auto& c) { return numbers(c.words, c.starved, c.blocked); }) +
           ", \"units\": " + list(units_, [&](const auto& c) { return numbers(c.busy, c.starved, c.blocked); });
  }

 private:
  template <typename Bits>
  static bool bit(const Bits& bits, size_t index) {
    if constexpr (requires { bits.m_storage[0]; })
      return ((bits.m_storage[index / 32] >> (index % 32)) & 1) != 0;
    else
      return ((bits >> index) & 1) != 0;
  }

  std::vector<StreamCounts> streams_;
  std::vector<UnitCounts> units_;
  FILE* file_ = nullptr;
};
