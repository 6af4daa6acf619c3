// SPDX-License-Identifier: Apache-2.0
//
// The file that a training writes is the QONNX graph it promises, and means what the training measured.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include "bitloom/ir.h"
#include "bitloom/lower.h"
#include "synthetic.h"

namespace bitloom::train {
namespace {

using test::small_recipe;
using test::TrainTest;

class ExportTest : public TrainTest {
 protected:
  onnx::ModelProto trained(const Recipe& recipe) {
    progress_ = run(recipe, options("a"));
    const std::vector<std::byte> file = bytes(options("a"));
    onnx::ModelProto model;
    EXPECT_TRUE(model.ParseFromArray(file.data(), static_cast<int>(file.size())));
    return model;
  }

  Progress progress_;
};

using Reals = std::vector<double>;

std::map<std::string, Reals> constants(const onnx::GraphProto& graph) {
  std::map<std::string, Reals> constants;
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    const std::string& raw = tensor.raw_data();
    Reals& values = constants[tensor.name()];
    if (tensor.data_type() == onnx::TensorProto::INT8) {
      for (const char value : raw) values.push_back(static_cast<int8_t>(value));
    } else {
      values.resize(raw.size() / sizeof(float));
      for (size_t i = 0; i < values.size(); ++i) {
        float value = 0;
        std::memcpy(&value, raw.data() + i * sizeof(float), sizeof(float));
        values[i] = value;
      }
    }
  }
  return constants;
}

/// The graph's output for one image, computed as ONNX and QONNX define its operators.
Reals evaluate(const onnx::GraphProto& graph, std::map<std::string, Reals> tensors, const Reals& image) {
  tensors["image"] = image;
  for (const onnx::NodeProto& node : graph.node()) {
    const std::string& op = node.op_type();
    Reals y = tensors.at(node.input(0));
    const auto operand = [&](int i) -> const Reals& { return tensors.at(node.input(i)); };
    if (op == "Mul") {
      for (double& v : y) v *= operand(1).at(0);
    } else if (op == "Sub") {
      for (double& v : y) v -= operand(1).at(0);
    } else if (op == "Add") {
      for (double& v : y) v += operand(1).at(0);
    } else if (op == "BipolarQuant") {
      for (double& v : y) v = (v >= 0 ? 1 : -1) * operand(1).at(0);
    } else if (op == "BatchNormalization") {
      for (size_t c = 0; c < y.size(); ++c) {
        y[c] = (y[c] - operand(3).at(c)) / std::sqrt(operand(4).at(c) + double{node.attribute(0).f()}) * operand(1).at(c) +
               operand(2).at(c);
      }
    } else if (op == "MatMul") {
      const Reals x = y, &weights = operand(1);
      y.assign(weights.size() / x.size(), 0);
      for (size_t i = 0; i < weights.size(); ++i) y[i % y.size()] += x[i / y.size()] * weights[i];
    } else {
      EXPECT_TRUE(op == "Flatten" || op == "Cast") << op;
    }
    tensors[node.output(0)] = y;
  }
  return tensors.at(graph.output(0).name());
}

std::vector<int64_t> shape(const onnx::ValueInfoProto& value) {
  std::vector<int64_t> sizes;
  for (const auto& size : value.type().tensor_type().shape().dim()) sizes.push_back(size.dim_value());
  return sizes;
}

TEST_F(ExportTest, operators_are_those_of_brevitas) {
  const onnx::ModelProto model = trained(small_recipe());
  std::vector<std::string> ops;
  for (const onnx::NodeProto& node : model.graph().node()) {
    ops.push_back(node.op_type());
    EXPECT_EQ(node.domain(), node.op_type() == "BipolarQuant" ? "qonnx.custom_op.general" : "");
  }
  const std::vector<std::string> hidden = {"Cast", "BipolarQuant", "MatMul", "BatchNormalization", "BipolarQuant"};
  std::vector<std::string> expected = {"Flatten", "Mul", "Sub", "BipolarQuant"};
  for (int layer = 0; layer < 2; ++layer) expected.insert(expected.end(), hidden.begin(), hidden.end());
  for (const char* op : {"Cast", "BipolarQuant", "MatMul", "Mul", "Add"}) expected.emplace_back(op);
  EXPECT_EQ(ops, expected);
}

TEST_F(ExportTest, file_names_its_versions_and_shapes) {
  const onnx::ModelProto model = trained(small_recipe());
  const onnx::GraphProto& graph = model.graph();
  EXPECT_EQ(model.ir_version(), 7);
  ASSERT_EQ(model.opset_import_size(), 2);
  EXPECT_EQ(model.opset_import(0).version(), 13);
  EXPECT_EQ(model.opset_import(1).domain(), "qonnx.custom_op.general");
  EXPECT_EQ(model.opset_import(1).version(), 1);
  EXPECT_EQ(graph.name(), "small");
  ASSERT_EQ(graph.input_size(), 1);
  EXPECT_EQ(shape(graph.input(0)), (std::vector<int64_t>{1, 1, 6, 6}));
  ASSERT_EQ(graph.output_size(), 1);
  EXPECT_EQ(shape(graph.output(0)), (std::vector<int64_t>{1, 4}));
}

TEST_F(ExportTest, weights_are_bytes_of_minus_one_and_one) {
  const onnx::ModelProto model = trained(small_recipe());
  std::vector<std::vector<int64_t>> shapes;
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    if (tensor.data_type() != onnx::TensorProto::INT8) continue;
    shapes.emplace_back(tensor.dims().begin(), tensor.dims().end());
    EXPECT_TRUE(std::all_of(tensor.raw_data().begin(), tensor.raw_data().end(),
                            [](char c) { return static_cast<int8_t>(c) == 1 || static_cast<int8_t>(c) == -1; }));
  }
  EXPECT_EQ(shapes, (std::vector<std::vector<int64_t>>{{36, 24}, {24, 16}, {16, 4}}));
}

TEST_F(ExportTest, graph_classifies_as_the_training_measured) {
  Recipe recipe = small_recipe();
  recipe.epochs = 1;  // so that some images are still wrong
  const onnx::ModelProto model = trained(recipe);
  const std::map<std::string, Reals> parameters = constants(model.graph());
  int64_t right = 0;
  for (int64_t i = 0; i < test_.images.count; ++i) {
    Reals image;
    for (const uint8_t pixel : test_.images.image(i)) image.push_back(pixel / 255.0);
    const Reals logits = evaluate(model.graph(), parameters, image);
    right += std::max_element(logits.begin(), logits.end()) - logits.begin() == test_.labels[static_cast<size_t>(i)];
  }
  EXPECT_LT(right, test_.images.count);
  EXPECT_EQ(static_cast<double>(right) / static_cast<double>(test_.images.count), progress_.test_accuracy);
}

TEST_F(ExportTest, lowered_network_is_as_accurate_as_measured) {
  Recipe recipe = small_recipe();
  recipe.epochs = 1;
  const Progress progress = run(recipe, options("a"));
  const ir::Network network = lower::load_model(options("a").output, {lower::InputKind::kPixels});
  const data::Images& images = test_.images;
  const ir::Tensor input{{images.height, images.width, images.channels},
                         images.count,
                         std::vector<int32_t>(images.pixels.begin(), images.pixels.end())};
  const std::vector<int32_t> classes = ir::predicted_classes(network, ir::evaluate(network, std::span(&input, 1)));
  int64_t right = 0;
  for (size_t i = 0; i < classes.size(); ++i) right += classes[i] == test_.labels[i];
  EXPECT_EQ(static_cast<double>(right) / static_cast<double>(images.count), progress.test_accuracy);
}

TEST_F(ExportTest, scale_of_the_logits_is_positive) {
  const std::map<std::string, Reals> parameters = constants(trained(small_recipe()).graph());
  EXPECT_GT(parameters.at("logits.scale").at(0), 0);
}

}  // namespace
}  // namespace bitloom::train
