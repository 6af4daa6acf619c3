// SPDX-License-Identifier: Apache-2.0
//
// Random networks: valid, the same everywhere, and covering everything a network can hold.
#include <algorithm>
#include <map>
#include <numeric>
#include <string>

#include <gtest/gtest.h>

#include "bitloom/ir.h"
#include "support/property.h"

namespace bitloom::ir {
namespace {

// FNV-1a, to pin a long text down in one number.
uint64_t hash(std::string_view text) {
  uint64_t result = 14695981039346656037U;
  for (const char c : text) result = (result ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return result;
}

const Node& node(const Network& network, NodeId id) { return network.nodes[static_cast<size_t>(id)]; }

TEST(RandomNetwork, is_valid_and_runs_Property) {
  for (uint64_t seed = 0; seed < test::cases(150); ++seed) {
    SCOPED_TRACE(seed);
    const Network network = random_network(seed);
    ASSERT_NO_THROW(verify(network));
    const std::vector<Tensor> results = evaluate(network, random_inputs(network, 2, seed));
    ASSERT_EQ(results.size(), network.outputs.size());
    for (size_t i = 0; i < results.size(); ++i) {
      const Range range = node(network, network.outputs[i]).type.range();
      const auto [low, high] = std::minmax_element(results[i].values.begin(), results[i].values.end());
      ASSERT_GE(*low, range.lowest);
      ASSERT_LE(*high, range.highest);
    }
  }
}

TEST(RandomNetwork, same_seed_gives_same_network) {
  EXPECT_EQ(random_network(7), random_network(7));
  EXPECT_NE(random_network(7), random_network(8));
}

// A change of this number is a change of every random test's cases, on purpose or because two draws share an expression.
TEST(RandomNetwork, is_the_same_on_every_machine) {
  std::string text;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Network network = random_network(seed);
    text += print(network);
    for (const Tensor& tensor : random_inputs(network, 2, seed)) text += fmt::format("{}", fmt::join(tensor.values, " "));
  }
  EXPECT_EQ(hash(text), 8529253684868176818U);
}

TEST(RandomNetwork, inputs_take_values_of_their_type_Property) {
  for (uint64_t seed = 0; seed < test::cases(100); ++seed) {
    const Network network = random_network(seed);
    const std::vector<Tensor> tensors = random_inputs(network, 3, seed);
    const std::vector<NodeId> inputs = network.inputs();
    ASSERT_EQ(tensors.size(), inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      const TensorType& type = node(network, inputs[i]).type;
      ASSERT_EQ(tensors[i].shape, type.shape);
      ASSERT_EQ(tensors[i].images, 3);
      ASSERT_NO_THROW(pack(type, tensors[i].image(0))) << "seed " << seed;
    }
  }
}

TEST(RandomNetwork, options_bound_its_size) {
  const RandomOptions options{.max_layers = 2, .max_channels = 4, .max_image = 1, .branches = false};
  for (uint64_t seed = 0; seed < 100; ++seed) {
    int dots = 0;
    for (const Node& n : random_network(seed, options).nodes) {
      EXPECT_FALSE(std::holds_alternative<Add>(n.layer) || std::holds_alternative<Concat>(n.layer) ||
                   std::holds_alternative<Slice>(n.layer));
      if (const Dot* dot = std::get_if<Dot>(&n.layer)) {
        ++dots;
        EXPECT_LE(dot->weights.rows(), 4);
      }
    }
    EXPECT_LE(dots, 2);
  }
}

std::string kind_of(const Encoding& encoding) {
  std::string text = print(encoding);
  if (!text.starts_with("planes(")) return text;
  const std::vector<int32_t>& c = encoding.coefficients;
  bool doubling = c[0] > 0;
  for (size_t p = 1; p < c.size(); ++p) doubling = doubling && c[p] == 2 * c[p - 1];
  if (doubling) return "affine";
  return encoding.bias * 2 == -std::accumulate(c.begin(), c.end(), 0) ? "residual" : "other planes";
}

// Everything that other modules' tests rely on to occur.
class Coverage {
 public:
  void see(const Network& network) {
    const bool image = std::any_of(network.nodes.begin(), network.nodes.end(),
                                   [](const Node& n) { return n.type.shape.height * n.type.shape.width > 1; });
    see(image ? "network with images" : "network without images");
    if (network.outputs.size() > 1) see("several outputs");
    if (network.inputs().size() > 1) see("several inputs");
    if (!network.classes.empty()) see("classes");
    for (const Node& n : network.nodes) {
      input_ = n.inputs.empty() ? nullptr : &node(network, n.inputs[0]).type;
      see(std::string(layer_name(n.layer)));
      std::visit([this](const auto& layer) { look(layer); }, n.layer);
      const int32_t channels = n.type.shape.channels;
      if (channels == 1 || (channels >= 63 && channels <= 65) || channels > 127) see(fmt::format("{} channels", channels));
    }
  }
  int count(const std::string& what) const {
    const auto found = seen_.find(what);
    return found == seen_.end() ? 0 : found->second;
  }

 private:
  void see(const std::string& what) { ++seen_[what]; }
  void see_window(const std::string& layer, const Window& w) {
    if (w.padded()) see(layer + " padded");
    if (w.pad_top != w.pad_bottom || w.pad_left != w.pad_right) see(layer + " with asymmetric pads");
    if (w.stride_h > 1 || w.stride_w > 1) see(layer + " with strides");
    if (w.dilation_h > 1 || w.dilation_w > 1) see(layer + " with dilation");
    if (w.kernel_h != w.kernel_w) see(layer + " not square");
    if (w.kernel_h == w.kernel_w) see(fmt::format("{} {}x{}", layer, w.kernel_h, w.kernel_w));
  }

  void look(const Input& input) {
    if (input.real) see(input.real->rows == 1 ? "real input" : "real input by channel");
    if (std::holds_alternative<Range>(input.element)) see("input of a range");
    if (const auto* encoding = std::get_if<Encoding>(&input.element)) see("activation " + kind_of(*encoding));
  }
  void look(const Dot& dot) {
    see("weights " + kind_of(dot.encoding));
    see_window("dot", dot.window);
    if (dot.groups > 1) see("dot with groups");
    if (dot.groups > 1 && dot.groups == input_->shape.channels) see("dot depthwise");
    if (dot.window.padded() && !input_->encoding()->has_zero()) see("dot padded on values without zero");
  }
  void look(const Threshold& threshold) {
    see("activation " + kind_of(threshold.encoding));
    if (input_->encoding() != nullptr) see("threshold on codes");
    see(threshold.rows == 1 ? "threshold with one row" : "threshold with a row a channel");
    const size_t count = threshold.encoding.levels().size() - 1;
    const Range range = input_->range();
    for (size_t row = 0; row < threshold.descending.size(); ++row) {
      const auto values = std::span(threshold.thresholds).subspan(row * count, count);
      see(threshold.descending[row] ? "threshold descending" : "threshold ascending");
      if (values.front() > range.highest) see("threshold never");
      if (values.back() <= range.lowest) see("threshold always");
      if (count > 1 && values.front() < values.back() && std::adjacent_find(values.begin(), values.end()) != values.end()) {
        see("threshold with repeats");
      }
      if (values.front() < range.lowest && values.back() > range.lowest) see("threshold partly outside");
    }
  }
  void look(const MaxPool& pool) {
    see_window("max_pool", pool.window);
    see(input_->encoding() != nullptr ? "max_pool on codes" : "max_pool on accumulators");
  }
  void look(const SumPool& pool) {
    see_window("sum_pool", pool.window);
    see(input_->encoding() != nullptr ? "sum_pool on codes" : "sum_pool on accumulators");
  }
  void look(const Add& add) {
    if (*std::min_element(add.multipliers.begin(), add.multipliers.end()) < 0) see("add with negative multiplier");
    if (add.multipliers.size() > 2) see("add of three");
  }
  void look(const Concat&) {}
  void look(const Slice&) {}
  void look(const Reshape& reshape) { see(reshape.channels_first ? "reshape channels first" : "reshape in order"); }
  void look(const DepthToSpace& layer) { see(layer.column_row_depth ? "depth_to_space CRD" : "depth_to_space DCR"); }
  void look(const Upsample&) {}
  void look(const Output& output) { see(output.scale.size() > 1 ? "output by channel" : "output alike"); }
  void look(const TopK&) { see(input_->shape.channels > 1 ? "top_k of several" : "top_k of one"); }

  std::map<std::string, int> seen_;
  const TensorType* input_ = nullptr;
};

TEST(RandomNetwork, covers_everything) {
  Coverage coverage;
  constexpr uint64_t kNetworks = 400;
  for (uint64_t seed = 0; seed < kNetworks; ++seed) coverage.see(random_network(seed));

  std::vector<std::string> expected = {"input",
                                       "dot",
                                       "threshold",
                                       "max_pool",
                                       "sum_pool",
                                       "add",
                                       "concat",
                                       "slice",
                                       "reshape",
                                       "depth_to_space",
                                       "upsample",
                                       "output",
                                       "top_k",
                                       "several outputs",
                                       "several inputs",
                                       "classes",
                                       "real input",
                                       "real input by channel",
                                       "input of a range",
                                       "dot padded",
                                       "dot with asymmetric pads",
                                       "dot with strides",
                                       "dot with dilation",
                                       "dot not square",
                                       "dot 1x1",
                                       "dot 2x2",
                                       "dot 3x3",
                                       "dot 4x4",
                                       "dot 5x5",
                                       "dot with groups",
                                       "dot depthwise",
                                       "dot padded on values without zero",
                                       "threshold on codes",
                                       "threshold with one row",
                                       "threshold with a row a channel",
                                       "threshold descending",
                                       "threshold ascending",
                                       "threshold never",
                                       "threshold always",
                                       "threshold with repeats",
                                       "threshold partly outside",
                                       "max_pool padded",
                                       "max_pool with asymmetric pads",
                                       "max_pool with strides",
                                       "max_pool with dilation",
                                       "max_pool not square",
                                       "max_pool on codes",
                                       "max_pool on accumulators",
                                       "sum_pool padded",
                                       "sum_pool on codes",
                                       "sum_pool on accumulators",
                                       "add with negative multiplier",
                                       "add of three",
                                       "reshape channels first",
                                       "reshape in order",
                                       "depth_to_space CRD",
                                       "depth_to_space DCR",
                                       "output by channel",
                                       "output alike",
                                       "top_k of several",
                                       "1 channels",
                                       "63 channels",
                                       "64 channels",
                                       "65 channels",
                                       "130 channels"};
  for (const std::string use : {"activation ", "weights "}) {
    for (const char* kind : {"bipolar", "ternary", "isometric2", "isometric3", "residual", "affine", "other planes"}) {
      expected.push_back(use + kind);
    }
    for (int bits = 1; bits <= 8; ++bits) expected.push_back(use + fmt::format("unsigned{}", bits));
    for (int bits = 2; bits <= 8; ++bits) expected.push_back(use + fmt::format("signed{}", bits));
    for (int bits = 2; bits <= 5; ++bits) expected.push_back(use + fmt::format("signed{}n", bits));
  }
  for (const std::string& what : expected) EXPECT_GT(coverage.count(what), 0) << what;
  const int images = coverage.count("network with images");
  EXPECT_GT(images, static_cast<int>(kNetworks / 3));
  EXPECT_LT(images, static_cast<int>(kNetworks * 2 / 3));
}

}  // namespace
}  // namespace bitloom::ir
