// SPDX-License-Identifier: Apache-2.0
//
// Files are hostile: nodes of every operator with random attributes and inputs give results or an Error, nothing else. Run
// under the sanitizers this also finds indices out of bounds and overflows.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "operators_support.h"
#include "support/property.h"

namespace bitloom::lower::test {
namespace {

const std::vector<std::string> kOperators{"Abs",
                                          "Add",
                                          "ArgMax",
                                          "AveragePool",
                                          "BatchNormalization",
                                          "BipolarQuant",
                                          "Cast",
                                          "Clip",
                                          "Concat",
                                          "Constant",
                                          "ConstantOfShape",
                                          "Conv",
                                          "Div",
                                          "Dropout",
                                          "Expand",
                                          "DepthToSpace",
                                          "Flatten",
                                          "Gather",
                                          "Gemm",
                                          "Im2Col",
                                          "LogSoftmax",
                                          "GlobalMaxPool",
                                          "LeakyRelu",
                                          "MatMul",
                                          "Max",
                                          "MaxPool",
                                          "Min",
                                          "MaxPoolNHWC",
                                          "Mul",
                                          "MultiThreshold",
                                          "PRelu",
                                          "Pad",
                                          "Pow",
                                          "QuantAvgPool2d",
                                          "ReduceMean",
                                          "ReduceSum",
                                          "Quant",
                                          "Reshape",
                                          "Resize",
                                          "Shape",
                                          "Size",
                                          "Slice",
                                          "Softmax",
                                          "Split",
                                          "Squeeze",
                                          "Sub",
                                          "Sum",
                                          "TopK",
                                          "Transpose",
                                          "Trunc",
                                          "Unsqueeze",
                                          "GlobalAveragePool",
                                          "Upsample",
                                          "XnorPopcountMatMul"};

const std::vector<std::string> kIntegers{"axis",
                                         "keepdims",
                                         "group",
                                         "to",
                                         "blocksize",
                                         "allowzero",
                                         "k",
                                         "kernel",
                                         "stride",
                                         "ibits",
                                         "obits",
                                         "signed",
                                         "narrow",
                                         "num_outputs",
                                         "largest",
                                         "select_last_index",
                                         "ceil_mode",
                                         "start",
                                         "end",
                                         "count_include_pad",
                                         "noop_with_empty_axes",
                                         "transA",
                                         "transB",
                                         "depthwise"};
const std::vector<std::string> kLists{"axes", "perm",  "pads",   "strides", "dilations",   "kernel_shape", "starts",
                                      "ends", "split", "stride", "shape",   "kernel_size", "pad_amount",   "value_ints"};

class Chance {
 public:
  explicit Chance(uint64_t seed) : random_(seed) {}
  int64_t below(int64_t count) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(count)); }
  bool one_in(int64_t count) { return below(count) == 0; }

  /// Small numbers, and such as overflow sums and products; none that is both allowed and slow.
  int64_t integer() {
    constexpr int64_t kOdd[] = {std::numeric_limits<int64_t>::min(),
                                std::numeric_limits<int64_t>::max(),
                                int64_t{1} << 62,
                                (int64_t{1} << 28) + 1,
                                -(int64_t{1} << 32),
                                int64_t{1} << 31,
                                -1,
                                0};
    return one_in(8) ? kOdd[below(8)] : below(7) - 1;
  }
  double number() {
    constexpr double kOdd[] = {std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity(),
                               -1e300,
                               9.3e18,
                               -9.3e18,
                               0.5,
                               -0.0,
                               4294967296.0};
    return one_in(8) ? kOdd[below(8)] : static_cast<double>(below(7) - 1);
  }
  Array array() {
    Array result;
    int64_t elements = 1;
    for (int64_t rank = below(5); rank > 0; --rank) {
      result.shape.push_back(one_in(12) ? 0 : 1 + below(4));
      elements *= result.shape.back();
    }
    for (int64_t i = 0; i < elements; ++i) result.data.push_back(number());
    return result;
  }
  Ints list() {
    Ints result(static_cast<size_t>(below(5)));
    for (int64_t& value : result) value = integer();
    return result;
  }
  template <typename T>
  const T& of(const std::vector<T>& choices) {
    return choices[static_cast<size_t>(below(static_cast<int64_t>(choices.size())))];
  }

 private:
  std::mt19937_64 random_;
};

GraphNode random_node(Chance& chance) {
  GraphNode result = node(chance.of(kOperators), {}, static_cast<size_t>(1 + chance.below(3)), 1 + chance.below(18));
  for (int64_t i = chance.below(6); i > 0; --i) result.attributes[chance.of(kIntegers)] = chance.integer();
  for (int64_t i = chance.below(6); i > 0; --i) result.attributes[chance.of(kLists)] = chance.list();
  if (chance.one_in(2)) {
    const auto axes = static_cast<size_t>(1 + chance.below(2));
    result.attributes["kernel_shape"] = Ints(axes, 1 + chance.below(3));
    result.attributes["kernel_size"] = Ints(2, 1 + chance.below(2));
    if (chance.one_in(2)) result.attributes["strides"] = Ints(axes, 1 + chance.below(3));
    if (chance.one_in(2)) result.attributes["pads"] = Ints(2 * axes, chance.below(3));
  }
  const std::vector<std::string> auto_pads{"VALID", "SAME_UPPER", "SAME_LOWER", "NOTSET", "?"};
  if (chance.one_in(4)) result.attributes["auto_pad"] = chance.of(auto_pads);
  if (chance.one_in(8)) result.attributes["scales"] = chance.array().data;
  if (chance.one_in(8)) result.attributes["value"] = chance.array();
  if (chance.one_in(8)) result.attributes["data_layout"] = std::string("NHWC");
  return result;
}

TEST(OperatorsHostile, Property_random_nodes_give_results_or_errors) {
  size_t results = 0;
  for (uint64_t seed = 0; seed < bitloom::test::cases(3000) * 4; ++seed) {
    Chance chance(seed);
    const GraphNode n = random_node(chance);
    std::vector<Array> inputs;
    for (int64_t count = 1 + chance.below(6); count > 0; --count) {
      inputs.push_back(chance.one_in(2) || inputs.empty() ? chance.array() : inputs.front());
    }
    std::vector<const Array*> pointers;
    for (const Array& input : inputs) pointers.push_back(chance.one_in(16) ? nullptr : &input);
    SCOPED_TRACE(fmt::format("seed {}: {}", seed, n.op));
    try {
      for (const Array& result : lower::apply(n, pointers)) {
        ASSERT_EQ(checked_elements(n, result.shape), static_cast<int64_t>(result.data.size()));
        ++results;
      }
    } catch (const Error&) {
      continue;
    }
  }
  EXPECT_GT(results, 100u);
}

}  // namespace
}  // namespace bitloom::lower::test
