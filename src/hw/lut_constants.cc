// SPDX-License-Identifier: Apache-2.0
//
// LUTs of a term, by kind of unit. `hw_fit` finds them (docs/reference/hardware.md): to be done again whenever rtl/
// changes.
#include <array>

#include "logic.h"

namespace bitloom::hw {
namespace {

constexpr std::array kWindow{
    LutConstant{1.9, "bits of loop counters"}, LutConstant{3.7, "bits of a ring address and a fill level"},
    LutConstant{1.3, "bits of the place in a padded image"}, LutConstant{1.1, "bits of padded words"}};
constexpr std::array kMvtu{LutConstant{1.04, "LUTs of counters"},
                           LutConstant{1.0, "bits of sums of products"},
                           LutConstant{1.0, "matches with weights in LUTs"},
                           LutConstant{1.5, "bits of weights from several banks of blocks"},
                           LutConstant{1.06, "bits of accumulators"},
                           LutConstant{0.59, "bits of sums of one step, that meet a threshold or bias"},
                           LutConstant{0.95, "bits of a threshold or bias in LUTs"},
                           LutConstant{1.25, "bits of several thresholds in LUTs"},
                           LutConstant{1.5, "bits times 64 words of deep thresholds in LUTs"},
                           LutConstant{0.52, "compared bits of several thresholds"},
                           LutConstant{0.9, "several thresholds"},
                           LutConstant{1.02, "bits of counters"},
                           LutConstant{9.3, "units that keep a vector"}};
constexpr std::array kThreshold{LutConstant{0.43, "compared bits"}, LutConstant{0.43, "bits compared with constants"},
                                LutConstant{1.37, "bits of thresholds in LUTs"}, LutConstant{0.89, "thresholds"},
                                LutConstant{7.8, "units"}};
constexpr std::array kTable{LutConstant{1.0, "bits times 64 codes"}};
constexpr std::array kMaxPool{LutConstant{0.85, "bits"}, LutConstant{0.43, "bits of wide elements"},
                              LutConstant{2.2, "bits of counters"}};
constexpr std::array kSumPool{LutConstant{0.92, "bits of sums"}, LutConstant{2.2, "bits of counters"}};
constexpr std::array kWidth{LutConstant{1.0, "bits of a word handed out in parts"},
                            LutConstant{1.6, "bits of the count of parts left"},
                            LutConstant{1.3, "bits of the count of parts gathered"},
                            LutConstant{2.0, "registers that hand out"}, LutConstant{2.0, "registers that gather"}};
constexpr std::array kFifo{LutConstant{4.4, "bits of an address"}, LutConstant{4.0, "queues"},
                           LutConstant{1.3, "bits that may go around a block"}, LutConstant{15, "queues in blocks"}};
constexpr std::array kFork{LutConstant{4, "forks"}};
constexpr std::array kAdd{LutConstant{1.0, "bits of the narrower inputs"}, LutConstant{2.0, "bits of multiplied inputs"},
                          LutConstant{1.0, "bits of coded inputs"}, LutConstant{4, "units"}};
constexpr std::array kCrop{LutConstant{2.0, "bits of counters"}, LutConstant{6, "units"}};
constexpr std::array kScale{LutConstant{1.0, "bits of products"}, LutConstant{1.5, "bits of counters"},
                            LutConstant{6, "units"}};
constexpr std::array kConcat{LutConstant{1.0, "bits of words"}, LutConstant{2.0, "bits of counters"},
                             LutConstant{4, "units"}};
constexpr std::array kReorder{LutConstant{2.0, "bits of loop counters"}, LutConstant{2.0, "bits of places in loops"},
                              LutConstant{3.0, "bits of an address"}, LutConstant{8, "units"}};
constexpr std::array kTop1{LutConstant{2.2, "compared bits"}, LutConstant{1.1, "bits of indices"},
                           LutConstant{0.56, "bits of counters"}, LutConstant{3.8, "units"}};

constexpr std::array<std::span<const LutConstant>, 15> kAll{kWindow,  kMvtu,  kThreshold, kTable,   kMaxPool,
                                                            kSumPool, kWidth, kFifo,      kFork,    kAdd,
                                                            kCrop,    kScale, kConcat,    kReorder, kTop1};

}  // namespace

std::span<const LutConstant> lut_constants(const UnitKind& unit) {
  static_assert(kAll.size() == std::variant_size_v<UnitKind>);
  return kAll[unit.index()];
}

}  // namespace bitloom::hw
