// SPDX-License-Identifier: Apache-2.0
//
// Importing a QONNX file that the test writes: the report, how the input is read, several outputs, refusals.
#include <fstream>

#include <gtest/gtest.h>

#include "cli/shell.h"
#include "frontend/onnx_building.h"

namespace bitloom::cli::test {
namespace {

using Strings = std::vector<std::string>;

void write(const onnx::ModelProto& model, const std::filesystem::path& path) {
  std::ofstream file(path, std::ios::binary);
  model.SerializeToOstream(&file);
}

// x -> MatMul -> BipolarQuant, its input two bipolar numbers.
onnx::ModelProto bipolar_model() {
  onnx::ModelProto model = bitloom::test::small_model();
  bitloom::test::annotate(model, "x", "finn_datatype", "BIPOLAR");
  return model;
}

constexpr const char* kAnnotated =
    "input 'x': the integers that the model's annotation names (--input pixels, uint8 or real chooses otherwise)\n";

TEST(Convert, lists_what_became_of_every_operator) {
  const Shell shell;
  write(bipolar_model(), shell.path("small.onnx"));
  const std::string text = shell.output("bitloom convert small.onnx -o small.bloom --report");
  EXPECT_TRUE(
      text.starts_with("node  operator      became\n"
                       "------------------------------------------------\n"
                       "dot   MatMul        dot product, bipolar weights\n"
                       "sign  BipolarQuant  thresholds 'sign'\n\n"))
      << text;
  EXPECT_NE(text.find(std::string("\n") + kAnnotated + "small.bloom: 4 layers, "), std::string::npos) << text;
  EXPECT_EQ(shell.json("bitloom info small.bloom --json")["layers"],
            shell.json("bitloom info small.onnx --json")["layers"]);
}

TEST(Convert, gives_json) {
  const Shell shell;
  write(bipolar_model(), shell.path("small.onnx"));
  const nlohmann::json json = shell.json("bitloom convert small.onnx -o small.bloom --json");
  EXPECT_EQ(keys(json), (Strings{"bytes", "input", "layers", "milliseconds", "operators", "output"}));
  EXPECT_EQ(json["output"], "small.bloom");
  EXPECT_EQ(json["bytes"], std::filesystem::file_size(shell.path("small.bloom")));
  EXPECT_EQ(json["layers"], 4);
  EXPECT_EQ(json["input"], kAnnotated);
  EXPECT_EQ(json["operators"],
            nlohmann::json::parse(R"([{"node": "dot", "operator": "MatMul", "became": "dot product, bipolar weights"},
                                      {"node": "sign", "operator": "BipolarQuant", "became": "thresholds 'sign'"}])"));
}

TEST(Convert, result_runs_like_its_source) {
  const Shell shell;
  write(bipolar_model(), shell.path("small.onnx"));
  shell.output("bitloom convert small.onnx -o small.bloom");
  data::write_npy({{4, 2}, std::vector<int32_t>{-1, -1, -1, 1, 1, -1, 1, 1}}, shell.path("in.npy"));
  shell.output("bitloom run small.bloom in.npy -o a.npy");
  shell.output("bitloom run small.onnx in.npy -o b.npy --reference");
  // Columns (1, -1), (-1, 1), (1, -1) of the weights.
  const data::NpyArray expected{{4, 3}, std::vector<int32_t>{1, 1, 1, -1, 1, -1, 1, -1, 1, 1, 1, 1}};
  EXPECT_EQ(shell.array("a.npy"), expected);
  EXPECT_EQ(shell.array("b.npy"), expected);
}

TEST(Convert, unsupported_models_are_refused_bad) {
  const Shell shell;
  write(bitloom::test::small_model(), shell.path("real.onnx"));
  onnx::ModelProto strange = bipolar_model();
  strange.mutable_graph()->mutable_node(1)->set_op_type("Einsum");
  write(strange, shell.path("strange.onnx"));
  const std::pair<std::string, std::string> cases[] = {
      {"real.onnx",
       "real.onnx: node 'dot' (MatMul): computes with real numbers: no quantizer lies between the graph's input and this "
       "product. Quantize the input in training (Brevitas: QuantIdentity as the first layer), or, if the inputs are 8-bit "
       "pixels, convert with --input pixels (real number = pixel / 255) or --input uint8"},
      {"strange.onnx",
       "strange.onnx: node 'sign' (Einsum): this operator is not supported; `bitloom convert --report` lists what became "
       "of "
       "the others, and docs/user/models.md what is supported"},
  };
  for (const auto& [file, text] : cases) {
    const Result result = shell.run("bitloom convert " + file + " -o out.bloom");
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "bitloom: not supported: " + text + "\n");
    EXPECT_FALSE(std::filesystem::exists(shell.path("out.bloom")));
  }
}

TEST(Convert, input_option_says_what_a_number_stands_for) {
  const Shell shell;
  write(bitloom::test::small_model(), shell.path("real.onnx"));
  for (const std::string kind : {"pixels", "uint8"}) {
    const nlohmann::json json = shell.json("bitloom info real.onnx --json --input " + kind);
    EXPECT_EQ(json["layers"][0]["values"], "unsigned8") << kind;
  }
}

TEST(Convert, networks_of_several_outputs_write_a_file_each) {
  const Shell shell;
  onnx::ModelProto model = bipolar_model();
  bitloom::test::add_output(model, "a");
  write(model, shell.path("two.onnx"));
  data::write_npy({{1, 2}, std::vector<int32_t>{-1, 1}}, shell.path("in.npy"));
  EXPECT_EQ(shell.json("bitloom run two.onnx in.npy -o out.npy --json")["files"],
            nlohmann::json({"out.y.npy", "out.a.npy"}));
  EXPECT_EQ(shell.array("out.y.npy").as_integers(), (std::vector<int64_t>{-1, 1, -1}));
  EXPECT_EQ(shell.array("out.a.npy").as_integers(), (std::vector<int64_t>{-2, 2, -2}));
  EXPECT_EQ(shell.output("bitloom run two.onnx in.npy -o out.npy"), "out.y.npy: 1 images\nout.a.npy: 1 images\n");
  EXPECT_FALSE(std::filesystem::exists(shell.path("out.npy")));
  shell.output("bitloom cut two.onnx --after dot -o a.bloom b.bloom");
  EXPECT_EQ(shell.output("bitloom run a.bloom in.npy -o - | bitloom run b.bloom - -o piped.npy"),
            "piped.y.npy: 1 images\npiped.a.npy: 1 images\n");
  EXPECT_EQ(shell.array("piped.a.npy"), shell.array("out.a.npy"));
}

}  // namespace
}  // namespace bitloom::cli::test
