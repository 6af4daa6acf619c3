// SPDX-License-Identifier: Apache-2.0
//
// FIFOs and line buffers as small as the interval allows.
//
// With endless FIFOs and ample line buffers, frames that are offered at the interval pass without waiting for room, so the
// most words that each FIFO held then are enough. From there on each buffer for itself is made as small as it may be, the
// others being as they are: rows first, since a row is many words, then FIFOs, the largest first. Making one smaller never
// helps another, so at the end no single one can be smaller.
#include <algorithm>

#include "bitloom/dataflow.h"
#include "cost.h"
#include "structure.h"

namespace bitloom::hw {
namespace {

constexpr int32_t kEndless = 1 << 28;
constexpr int32_t kFewest = 2;

class Sizer {
 public:
  explicit Sizer(Design design) : design_(std::move(design)) {
    family_ = family_of(design_.folding);
    for (size_t u = 0; u < design_.units.size(); ++u) {
      const Unit& unit = design_.units[u];
      if (std::holds_alternative<Fifo>(unit.kind) && !design_.folding.fifos.contains(fifo_name(unit))) fifos_.push_back(u);
      if (std::holds_alternative<Window>(unit.kind) && !design_.folding.rows.contains(unit.name)) windows_.push_back(u);
    }
  }

  Design size() {
    for (const size_t u : windows_) window(u).rows = ample_rows(window(u));
    for (const size_t u : fifos_) fifo(u).depth = kEndless;
    find_interval();
    for (const size_t u : windows_) shrink(window(u).rows, fewest_rows(window(u)));
    std::ranges::sort(fifos_, std::ranges::greater(), [&](size_t u) { return int64_t{fifo(u).width} * fifo(u).depth; });
    for (const size_t u : fifos_) shrink(fifo(u).depth, kFewest);
    settle();
    return std::move(design_);
  }

 private:
  static std::string fifo_name(const Unit& unit) { return unit.name.substr(0, unit.name.rfind('.')); }
  Fifo& fifo(size_t unit) { return std::get<Fifo>(design_.units[unit].kind); }
  Window& window(size_t unit) { return std::get<Window>(design_.units[unit].kind); }

  /// The interval, and FIFOs that hold what it needs. Only buffers that the folding fixed can make it longer than that of
  /// the slowest unit.
  void find_interval() {
    interval_ = interval(design_);
    for (;;) {
      const Dataflow flow = simulate_handshakes(design_, {.pace = interval_});
      if (flow.stopped)
        throw Error("with the FIFOs that the folding gives, the design does not work: {}", describe_stop(design_, flow));
      if (flow.periodic && flow.interval == interval_) {
        for (const size_t u : fifos_) fifo(u).depth = static_cast<int32_t>(std::max<int64_t>(kFewest, flow.high_water[u]));
        return;
      }
      interval_ = std::max(flow.interval, interval_ + 1);
    }
  }

  bool keeps_interval() const {
    const Dataflow flow = simulate_handshakes(design_, {.pace = interval_});
    return flow.periodic && flow.interval == interval_;
  }

  /// The least number from `least` on with which the interval holds, as it does with the present one.
  void shrink(int32_t& number, int32_t least) {
    int32_t enough = number;
    const auto works = [&](int32_t candidate) {
      number = candidate;
      return keeps_interval();
    };
    if (least >= enough || works(least)) return;  // most can be as small as can be
    for (++least; least < enough;) {
      const int32_t middle = least + (enough - least) / 2;
      if (works(middle))
        enough = middle;
      else
        least = middle + 1;
    }
    number = enough;
  }

  void settle() {
    for (const size_t u : fifos_) {
      design_.folding.fifos[fifo_name(design_.units[u])] = fifo(u).depth;
      fifo(u) = make_fifo(fifo(u).width, fifo(u).depth, family_);
    }
    for (const size_t u : windows_) {
      design_.folding.rows[design_.units[u].name] = window(u).rows;
      window(u).style = cheaper_style(line_buffer(window(u)), family_);
    }
  }

  Design design_;
  Family family_;
  std::vector<size_t> fifos_, windows_;  ///< units whose size is free
  int64_t interval_ = 0;
};

}  // namespace

Design size_fifos(Design design) { return Sizer(std::move(design)).size(); }

}  // namespace bitloom::hw
