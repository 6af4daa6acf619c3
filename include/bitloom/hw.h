// SPDX-License-Identifier: Apache-2.0
//
// From a network to hardware: units joined by streams, how fast they are, and what they cost.
//
//   const hw::Device& device = hw::find_device("xc7z020");
//   const hw::Folds folds(network, device);                          // all foldings, searched exactly
//   const hw::Design design = hw::design(network, *folds.fastest());
//   hw::interval(design), hw::resources(design, device.family) ...
//
// A Design holds every parameter that the modules of rtl/ take, and every number in their memories. No vendor's tool is
// needed for any of it; docs/reference/hardware.md says what the models are worth.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::hw {

// ---------------------------------------------------------------------------------------------------------------------
// Folding: how much of each layer is done at once

/// Where a memory lies. kAuto occurs in a Folding only: `design` then takes what the resource model says is cheaper.
enum class MemoryStyle { kAuto, kBlock, kDistributed };

/// Of one Dot layer: PE rows (output channels) and SIMD columns (inputs) of its weights a cycle.
struct LayerFolding {
  std::string name;  ///< of the Dot node; may be empty where layers are given by position
  int32_t pe = 1;    ///< divides the output channels
  int32_t simd = 1;  ///< divides the input channels; of a layer whose window is the whole image, its inputs; of a depthwise
                     ///< layer, 1
  MemoryStyle weights = MemoryStyle::kAuto;
  MemoryStyle thresholds = MemoryStyle::kAuto;
  bool operator==(const LayerFolding&) const = default;
};

struct Folding {
  std::string device;                     ///< of devices(); empty: not said
  double clock_mhz = 0;                   ///< 0: the device's
  bool by_position = false;               ///< layers are the Dot nodes in order, whatever their names
  bool round_down = false;                ///< a PE or SIMD that does not divide stands for the next lower that does
  std::vector<LayerFolding> layers;       ///< one a Dot node
  std::map<std::string, int32_t> inputs;  ///< lanes of an Input's stream; where not said, the fewest that keep up
  std::map<std::string, int32_t> fifos;   ///< depth of the FIFO in front of the unit of that name (its second input:
                                          ///< "NAME:1"); 0 for none. Where not said: `design` decides
  std::map<std::string, int32_t> rows;    ///< of the line buffer of the window unit of that name; where not said: as many
                                          ///< as it can ever use
  bool operator==(const Folding&) const = default;
};

/// Reads the JSON form (docs/reference/hardware.md). `name` stands for the file in errors.
Folding read_folding(std::string_view json, std::string_view name);
/// The JSON form, a line a layer.
std::string print(const Folding& folding);

/// The folding as it holds for this network: its Dot layers in order and by name, rounded where that was asked for (each
/// rounding adds a sentence to `notes`). Throws Error naming layer and divisors where it does not fit.
Folding resolve(const ir::Network& network, const Folding& folding, std::vector<std::string>* notes = nullptr);

// ---------------------------------------------------------------------------------------------------------------------
// Streams

/// What a lane carries: a code, whose value is bias + the sum of coefficients[p] over its bits p; or, without coefficients,
/// a plain integer in two's complement.
struct Element {
  int32_t bits = 1;
  std::vector<int32_t> coefficients;
  int32_t bias = 0;
  bool operator==(const Element&) const = default;
  bool plain() const { return coefficients.empty(); }
};

/// One end of a stream: a port of a unit, or of the design (unit -1; port counts Design::inputs or outputs).
struct End {
  int32_t unit = -1;
  int32_t port = 0;
  bool operator==(const End&) const = default;
};

/// Words of `lanes` elements, element e in bits [e * bits +: bits], in [y][x][channel] order, frame after frame.
struct Stream {
  std::string name;  ///< of the node whose tensor it carries; several streams may carry one
  Element element;
  int32_t lanes = 1;
  int64_t words = 1;  ///< a frame
  End from, to;
  bool operator==(const Stream&) const = default;
  int64_t width() const { return int64_t{lanes} * element.bits; }  ///< bits of a word
};

// ---------------------------------------------------------------------------------------------------------------------
// Units, named as the modules of rtl/ (bitloom_window ...), members as their parameters

struct Window {
  int32_t channels = 1, lanes = 1, bits = 1, in_h = 1, in_w = 1;
  ir::Window window;
  uint32_t pad_code = 0;
  bool depthwise = false;
  int32_t rows = 1;  ///< of the line buffer
  MemoryStyle style = MemoryStyle::kDistributed;
  bool operator==(const Window&) const = default;
  int32_t out_h() const;
  int32_t out_w() const;
};

/// Products with a matrix, then thresholds (levels > 0) or a bias (levels = 0).
///
///   acc = sum over planes p, q of in_coefs[p] * weight_coefs[q] * popcount(x_p xnor w_q)   (without xnor: x_p and w_q)
///
/// All else in the dot product depends on the row alone and is in `thresholds`: row r gives codes[number of j with
/// acc >= thresholds[r * levels + j]] (descending: levels minus that number), or, with levels = 0, acc + thresholds[r],
/// which is then the dot product itself.
struct Mvtu {
  int64_t inputs = 1, outputs = 1;  ///< columns and rows
  int32_t simd = 1, pe = 1;
  int64_t vectors = 1;     ///< a frame
  bool depthwise = false;  ///< row r reads channel r: `inputs` words of `pe` elements, one tap of a window each; simd 1
  int32_t groups = 1;      ///< row r reads vector r / (outputs / groups) of so many that follow one another; 1 if depthwise
  int32_t taps = 1;        ///< of a group's window: word w of a vector holds tap w % taps of channels w / taps * simd ..
  bool xnor = true;
  std::vector<int32_t> in_coefs, weight_coefs;  ///< one a plane
  int32_t acc_bits = 1;                         ///< holds every acc and threshold, exactly, and any step of the planes
  int32_t levels = 0, out_bits = 1;
  bool has_descending = false;
  std::vector<uint32_t> codes;      ///< levels + 1; none with levels = 0
  ir::BitMatrix weights;            ///< outputs x inputs, columns in the order of ir::Dot
  std::vector<int64_t> thresholds;  ///< outputs x max(levels, 1), ascending
  std::vector<uint8_t> descending;  ///< one a row
  MemoryStyle weight_style = MemoryStyle::kBlock, threshold_style = MemoryStyle::kDistributed;
  bool operator==(const Mvtu&) const = default;
  int64_t steps() const { return inputs / simd; }                    ///< SF
  int64_t folds() const { return outputs / pe; }                     ///< NF
  int64_t uses() const { return depthwise ? 1 : folds() / groups; }  ///< folds that one vector is for
  int64_t weight_depth() const { return steps() * folds(); }
  int64_t weight_width() const { return int64_t{pe} * simd * static_cast<int64_t>(weight_coefs.size()); }
  int64_t threshold_depth() const { return folds(); }
  int64_t threshold_width() const;
};

/// Thresholds of plain integers, or of codes that are ordered as their values are (`thresholds` are codes then).
struct Threshold {
  int32_t channels = 1, lanes = 1, in_bits = 1;
  bool is_signed = true;
  int32_t acc_bits = 1, levels = 1, out_bits = 1;
  bool has_descending = false;
  std::vector<uint32_t> codes;      ///< levels + 1
  int32_t rows = 1;                 ///< 1 or channels
  std::vector<int64_t> thresholds;  ///< rows x levels, ascending
  std::vector<uint8_t> descending;  ///< one a row
  MemoryStyle style = MemoryStyle::kDistributed;
  bool operator==(const Threshold&) const = default;
};

/// codes[element] in each lane: many thresholds of few bits (8-bit pixels), and codes into other codes.
struct Table {
  int32_t lanes = 1, in_bits = 1, out_bits = 1;
  std::vector<uint32_t> codes;  ///< 2^in_bits; 0 for what does not occur
  bool operator==(const Table&) const = default;
};

/// The greatest of each pool. Pools do not overlap; what they leave over at the right and below is dropped. (Others read
/// the words of a depthwise Window: each of its windows is then a row of one pool.)
struct MaxPool {
  int32_t channels = 1, lanes = 1, bits = 1, in_h = 1, in_w = 1, kernel_h = 1, kernel_w = 1;
  bool is_signed = false;
  bool operator==(const MaxPool&) const = default;
};

struct SumPool {
  int32_t channels = 1, lanes = 1, in_h = 1, in_w = 1, kernel_h = 1, kernel_w = 1;
  Element in;
  int32_t out_bits = 1;
  bool operator==(const SumPool&) const = default;
};

struct Width {
  int32_t bits = 1, in_lanes = 1, out_lanes = 1;
  bool operator==(const Width&) const = default;
};

struct Fifo {
  int32_t width = 1, depth = 2;
  MemoryStyle style = MemoryStyle::kDistributed;
  bool operator==(const Fifo&) const = default;
};

/// One stream into two.
struct Fork {
  int32_t width = 1;
  bool operator==(const Fork&) const = default;
};

/// multipliers[0] * in0 + multipliers[1] * in1, plain.
struct Add {
  int32_t lanes = 1;
  std::array<Element, 2> in;
  std::array<int32_t, 2> multipliers = {1, 1};
  int32_t out_bits = 1;
  bool operator==(const Add&) const = default;
};

/// The channels first .. first + count - 1 of each pixel; lanes divide all three numbers.
struct Crop {
  int32_t channels = 1, lanes = 1, bits = 1, first = 0, count = 1;
  bool operator==(const Crop&) const = default;
};

/// factors[c] * value + offsets[c] of channel c, plain.
struct Scale {
  int32_t channels = 1, lanes = 1;
  Element in;
  int32_t value_bits = 1, factor_bits = 1;
  int32_t out_bits = 1;
  std::vector<int64_t> factors, offsets;  ///< one a channel
  MemoryStyle style = MemoryStyle::kDistributed;
  bool operator==(const Scale&) const = default;
};

/// Two tensors joined along channels; lanes divide both numbers.
struct Concat {
  std::array<int32_t, 2> channels = {1, 1};
  int32_t lanes = 1, bits = 1;
  bool operator==(const Concat&) const = default;
};

/// Of each block of `elements` elements, those at i0 * strides[0] + ... + i3 * strides[3], i3 running fastest. With several
/// lanes strides[3] is 1, and they divide `elements`, counts[3] and the other strides.
struct Reorder {
  int32_t lanes = 1, bits = 1;
  int64_t elements = 1;
  std::array<int64_t, 4> counts = {1, 1, 1, 1}, strides = {0, 0, 0, 1};
  MemoryStyle style = MemoryStyle::kDistributed;
  bool operator==(const Reorder&) const = default;
};

/// Index of the largest, the first on ties: one word of one element (a plain integer) a frame.
struct Top1 {
  int32_t classes = 1, lanes = 1, in_bits = 1;
  bool is_signed = true;
  int32_t out_bits = 1;
  bool operator==(const Top1&) const = default;
};

using UnitKind = std::variant<Window, Mvtu, Threshold, Table, MaxPool, SumPool, Width, Fifo, Fork, Add, Crop, Scale, Concat,
                              Reorder, Top1>;

struct Unit {
  std::string name;     ///< unique; of the Dot or other node, or with what the unit is for: "conv1.window", "conv1.fifo"
  ir::NodeId node = 0;  ///< that it computes or helps to compute
  UnitKind kind;
  std::vector<int32_t> in, out;  ///< streams, by port
  bool operator==(const Unit&) const = default;
};

/// The module's name without its prefix: "window", "mvtu" ...
std::string_view kind_name(const UnitKind& kind);

// ---------------------------------------------------------------------------------------------------------------------
// Designs

/// Where a tensor enters or leaves.
struct Port {
  std::string name;  ///< of the node
  ir::NodeId node = 0;
  int32_t stream = 0;
  ir::TensorType type;  ///< of the node
  bool operator==(const Port&) const = default;
};

struct Design {
  std::string name;         ///< of the network
  Folding folding;          ///< resolved, without kAuto
  std::vector<Unit> units;  ///< in topological order
  std::vector<Stream> streams;
  std::vector<Port> inputs;   ///< one an Input node, in order
  std::vector<Port> outputs;  ///< one an entry of Network::outputs, in order
  bool operator==(const Design&) const = default;
};

/// The units that compute the network. Streams at the inputs carry codes (pixels are codes) or plain integers. Throws
/// Unsupported naming the node, why, and what would work; Error if the folding does not fit.
Design design(const ir::Network& network, const Folding& folding);

// ---------------------------------------------------------------------------------------------------------------------
// Cycles

/// Cycles a frame of one unit alone: its initiation interval when neither side stalls.
int64_t cycles(const Design& design, const Unit& unit);
/// Cycles a frame of the whole: the most that a unit takes, if FIFOs and line buffers suffice (size_fifos, dataflow.h).
int64_t interval(const Design& design);

/// Cycles of one unit in a simulation: together all.
struct Activity {
  int64_t busy = 0;     ///< it moves a word, or computes
  int64_t starved = 0;  ///< it waits for a word
  int64_t blocked = 0;  ///< a word that it gives is not taken
  bool operator==(const Activity&) const = default;
};

/// Cycles of the first frame, counted from its first word; input comes a word a cycle, outputs are taken at once.
struct Latency {
  int64_t first = 0;  ///< until the first word at an output
  int64_t last = 0;   ///< until the last word of the frame at the last output
};
/// As simulate_handshakes (dataflow.h) finds it. Throws Error if the design stops in its first frame.
Latency latency(const Design& design);

// ---------------------------------------------------------------------------------------------------------------------
// Devices and resources

enum class Family { kXilinx7, kUltraScale, kIce40 };

struct Device {
  std::string name;   ///< "xc7z020"
  std::string board;  ///< that carries it
  std::string part;   ///< as the vendor's tools name it: Vivado's part number; iCE40: the package
  Family family = Family::kXilinx7;
  int64_t lut = 0, ff = 0;
  int64_t bram36 = 0;  ///< blocks of 36 Kbit; iCE40: of 4 Kbit
  int64_t dsp = 0;
  double clock_mhz = 100;   ///< that designs are made for unless someone says otherwise
  double static_watts = 0;  ///< about
  bool operator==(const Device&) const = default;
};

std::span<const Device> devices();
/// Throws Error listing the names when there is none of that name.
const Device& find_device(std::string_view name);

/// LUT and FF are estimates with fitted constants; blocks and DSP follow from the shapes of the memories.
struct Resources {
  int64_t lut = 0;      ///< with those that are memory
  int64_t lut_ram = 0;  ///< of these, those that are memory
  int64_t ff = 0;
  int64_t bram36 = 0, bram18 = 0;  ///< iCE40: bram36 counts blocks of 4 Kbit
  int64_t dsp = 0;
  bool operator==(const Resources&) const = default;
  Resources& operator+=(const Resources& other);
  double blocks() const { return static_cast<double>(bram36) + 0.5 * static_cast<double>(bram18); }  ///< in BRAM36
};

Resources resources(const UnitKind& unit, Family family);
Resources resources(const Design& design, Family family);
bool fits(const Resources& resources, const Device& device);

/// Watts of the programmable logic: a rough estimate, the device's static power and a constant for each resource in use.
double power(const Resources& resources, const Device& device, double clock_mhz);

// ---------------------------------------------------------------------------------------------------------------------
// Search

/// What a resource is worth, in LUTs.
struct Prices {
  double lut = 1, ff = 0, bram36 = 200, dsp = 50;
};

struct ParetoPoint {
  Folding folding;
  int64_t interval = 0;
  Resources resources;
};

/// All foldings of a network for a device. Answers are exact with regard to the models above.
class Folds {
 public:
  /// Throws Unsupported as `design` does.
  Folds(const ir::Network& network, const Device& device, const Prices& prices = {});
  ~Folds();
  Folds(Folds&&) noexcept;
  Folds& operator=(Folds&&) noexcept;

  /// The cheapest folding with at most so many cycles a frame, that fits the device if `fit`. None if there is none.
  std::optional<Folding> cheapest(int64_t most_cycles, bool fit = true) const;
  /// The cheapest among the fastest foldings that fit the device. None if none fits.
  std::optional<Folding> fastest() const;
  /// For each number of cycles a frame that can be had, the cheapest folding, without those that another is at least as
  /// fast and as cheap as; fastest first. They need not fit the device.
  std::vector<ParetoPoint> pareto() const;
  int64_t fewest_cycles() const;  ///< a frame that a folding has

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace bitloom::hw
