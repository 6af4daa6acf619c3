// SPDX-License-Identifier: Apache-2.0
//
// Folding files, and what is said about those that do not fit.
#include <gtest/gtest.h>

#include "bitloom/hw.h"
#include "support/error_of.h"

namespace bitloom {
namespace {

using hw::Folding;
using hw::MemoryStyle;
using test::error_of;

const ir::Network& network() {
  static const ir::Network result = ir::parse(R"(network "small"
    %x = input "image" 4x4x64 bipolar
    %a = dot "conv1" %x bipolar 10x576 kernel=3x3 weights=seed(1)
    %b = threshold "act" %a bipolar [0]
    %r = reshape "flat" %b 1x1x40
    %c = dot "fc" %r bipolar 6x40 weights=seed(2)
    output %c)");
  return result;
}

Folding folding(int32_t pe1, int32_t simd1, int32_t pe2 = 1, int32_t simd2 = 1) {
  Folding result;
  result.layers = {{"conv1", pe1, simd1, {}, {}}, {"fc", pe2, simd2, {}, {}}};
  return result;
}

std::string fault(const Folding& f) {
  return error_of([&] { hw::resolve(network(), f); });
}

std::string fault(const std::string& json) {
  return error_of([&] { hw::read_folding(json, "f.json"); });
}

TEST(Folding, prints_what_it_reads) {
  Folding f = folding(5, 64, 3, 20);
  f.device = "xc7z020";
  f.clock_mhz = 142.5;
  f.layers[0].weights = MemoryStyle::kBlock;
  f.layers[1].thresholds = MemoryStyle::kDistributed;
  f.inputs = {{"image", 8}};
  f.fifos = {{"fc", 16}, {"conv1.window", 0}};
  f.rows = {{"conv1.window", 4}};
  EXPECT_EQ(hw::read_folding(hw::print(f), "f.json"), f);
  for (hw::LayerFolding& layer : f.layers) layer.name = "";
  f.by_position = f.round_down = true;
  EXPECT_EQ(hw::read_folding(hw::print(f), "f.json"), f);
}

TEST(Folding, is_printed_with_a_line_a_layer) {
  EXPECT_EQ(hw::print(folding(5, 64)), R"({
  "layers": {
    "conv1": {"pe": 5, "simd": 64},
    "fc": {"pe": 1, "simd": 1}
  }
}
)");
}

TEST(Folding, layers_by_position_serve_networks_with_other_names) {
  Folding f = folding(5, 64, 3, 20);
  f.by_position = true;
  f.layers[0].name = f.layers[1].name = "";
  EXPECT_EQ(hw::resolve(network(), f), folding(5, 64, 3, 20));
}

TEST(Folding, rounds_down_only_when_asked_and_says_so) {
  Folding f = folding(4, 48, 4, 32);
  f.round_down = true;
  std::vector<std::string> notes;
  EXPECT_EQ(hw::resolve(network(), f, &notes), folding(2, 32, 3, 20));
  ASSERT_EQ(notes.size(), 4u);
  EXPECT_EQ(notes[0], "conv1: PE 4 does not divide 10 output channels; taken as 2");
}

TEST(Folding, names_layer_and_divisors_bad) {
  EXPECT_EQ(fault(folding(1, 5)), "conv1: SIMD 5 does not divide 64 input channels; 1, 2, 4, 8, 16, 32 or 64 would");
  EXPECT_EQ(fault(folding(4, 1)), "conv1: PE 4 does not divide 10 output channels; 1, 2, 5 or 10 would");
  EXPECT_EQ(fault(folding(0, 1)), "conv1: PE 0 does not divide 10 output channels; 1, 2, 5 or 10 would");
  EXPECT_EQ(fault(folding(1, 1, 1, 7)), "fc: SIMD 7 does not divide 40 inputs; 1, 2, 4, 5, 8, 10, 20 or 40 would");
}

TEST(Folding, names_layers_that_are_missing_or_unknown_bad) {
  Folding f = folding(1, 1);
  f.layers[1].name = "dense";
  EXPECT_EQ(fault(f), "fc: the folding does not say its PE and SIMD");
  f = folding(1, 1);
  f.layers.push_back({"fc2", 1, 1, {}, {}});
  EXPECT_EQ(fault(f), "the folding has a layer 'fc2', which the network does not; it has conv1, fc");
  f.layers.back().name = "fc";
  EXPECT_EQ(fault(f), "the folding has a layer twice");
  f.by_position = true;
  EXPECT_EQ(fault(f), "the folding has 3 layers by position, the network 2: conv1, fc");
}

TEST(Folding, names_inputs_devices_and_fifos_that_are_not_there_bad) {
  Folding f = folding(1, 1);
  f.inputs = {{"image", 3}};
  EXPECT_EQ(fault(f),
            "image: a stream of 3 does not divide 1024 elements; 1, 2, 4, 8, 16, 32, 64, 128, 256, 512 or 1024 would");
  f.inputs = {{"picture", 1}};
  EXPECT_EQ(fault(f), "the folding has an input 'picture', which the network does not");
  f = folding(1, 1);
  f.device = "xc7z999";
  EXPECT_EQ(fault(f), "there is no device 'xc7z999'; there are xc7z020, xc7z045, xc7z100, xczu3eg, xczu19eg, hx8k, up5k");
  f = folding(1, 1);
  f.fifos = {{"conv9", 4}};
  EXPECT_EQ(error_of([&] { hw::design(network(), f); }),
            "fifo 'conv9': there is no unit of that name; it stands in front of one, as in 'conv1.window'");
  f.fifos = {{"fc", 1}};
  EXPECT_EQ(error_of([&] { hw::design(network(), f); }), "fifo 'fc': depth 1, expected 0 (none) or at least 2");
  f = folding(1, 1);
  f.rows = {{"conv1", 4}};
  EXPECT_EQ(error_of([&] { hw::design(network(), f); }),
            "rows 'conv1': there is no window of that name; there is conv1.window");
  f.rows = {{"conv1.window", 2}};
  EXPECT_EQ(error_of([&] { hw::design(network(), f); }),
            "rows 'conv1.window': 2 rows, expected 3 (those that a window spans) to 6");
}

TEST(Folding, says_what_is_wrong_with_a_file_bad) {
  EXPECT_TRUE(fault("{").starts_with("f.json: is not JSON: "));
  EXPECT_EQ(fault("[]"), "f.json: must be an object with named fields; see docs/reference/hardware.md");
  EXPECT_EQ(fault("{}"), "f.json: has no field 'layers'; see docs/reference/hardware.md");
  EXPECT_EQ(fault(R"({"layers": 1})"),
            "f.json: field 'layers' must be an object of layers by name, or a list of them by position; see "
            "docs/reference/hardware.md");
  EXPECT_EQ(fault(R"({"layers": [{"pe": 1}]})"), "f.json: layer 0: has no field 'simd'; see docs/reference/hardware.md");
  EXPECT_EQ(fault(R"({"layers": {"a": {"pe": 1.5, "simd": 1}}})"),
            "f.json: a: field 'pe' must be a whole number up to 268435456");
  EXPECT_EQ(fault(R"({"layers": {"a": {"pe": 1, "simd": -1}}})"),
            "f.json: a: field 'simd' must be a whole number up to 268435456");
  EXPECT_EQ(fault(R"({"layers": {"a": {"pe": 1, "simd": 18446744073709551615}}})"),
            "f.json: a: field 'simd' must be a whole number up to 268435456");
  EXPECT_EQ(fault(R"({"layers": {"a": {"pe": 1, "simd": 1, "weights": "ultra"}}})"),
            "f.json: a: field 'weights' must be \"auto\", \"block\" or \"distributed\"");
  EXPECT_EQ(fault(R"({"layers": {"a": {"pe": 1, "simd": 1, "sims": 1}}})"),
            "f.json: a: field 'sims' is not known; see docs/reference/hardware.md");
  EXPECT_EQ(fault(R"({"layers": [], "clock_mhz": 0})"), "f.json: field 'clock_mhz' must be a positive number");
  EXPECT_EQ(fault(R"({"layers": [], "device": 1})"), "f.json: field 'device' must be a text");
  EXPECT_EQ(fault(R"({"layers": [], "round_down": 1})"), "f.json: field 'round_down' must be true or false");
  EXPECT_EQ(fault(R"({"layers": [], "fifos": {"a": "b"}})"), "f.json: fifos: 'a' must be a whole number up to 268435456");
}

}  // namespace
}  // namespace bitloom
