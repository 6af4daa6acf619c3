// SPDX-License-Identifier: Apache-2.0
//
// Broken and hostile files: each is read or refused with an Error, and nothing else happens.
#include <gtest/gtest.h>

#include <random>

#include "onnx_building.h"
#include "support/property.h"

namespace bitloom::frontend {
namespace {

using namespace test;

// Reads what may be broken; only Error may come of it.
void read_or_refuse(const std::string& bytes) {
  try {
    verify(read_onnx(bytes_of(bytes), "m.onnx"));
  } catch (const Error& error) {
    EXPECT_EQ(std::string_view(error.what()).substr(0, 8), "m.onnx: ");
  }
}

std::string annotated_model() {
  onnx::ModelProto model = small_model();
  annotate(model, "x", "finn_datatype", "BIPOLAR");
  add_attribute(model.mutable_graph()->mutable_node(0), "axis", onnx::AttributeProto::INT)->set_i(1);
  return model.SerializeAsString();
}

TEST(OnnxHostile, every_truncation_is_read_or_refused) {
  const std::string whole = annotated_model();
  for (size_t length = 0; length < whole.size(); ++length) read_or_refuse(whole.substr(0, length));
}

TEST(OnnxHostile, every_flipped_bit_is_read_or_refused) {
  const std::string whole = annotated_model();
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    read_or_refuse(flipped);
  }
}

TEST(OnnxHostile, PropertyRandomChangesAreReadOrRefused) {
  const std::string whole = annotated_model();
  for (uint64_t seed = 0; seed < cases(500); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::string changed = seed % 4 == 0 ? std::string(random() % 200, '\0') : whole;
    for (uint64_t i = 0; i < (seed % 4 == 0 ? changed.size() : 1 + seed % 8); ++i) {
      const size_t at = seed % 4 == 0 ? i : random() % changed.size();
      changed[at] = static_cast<char>(random());
    }
    read_or_refuse(changed);
  }
}

TEST(OnnxHostile, bytes_that_are_no_model_are_refused_bad) {
  const auto refused = [](const std::string& bytes) -> std::string {
    try {
      read_onnx(bytes_of(bytes), "m.onnx");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::string damaged =
      "m.onnx: not a model that bitloom reads: neither ONNX (the protocol buffer is damaged or ends too early) nor a FINN "
      "topology in JSON, nor a folder of BNN-PYNQ parameters";
  EXPECT_EQ(refused("not a model"), damaged);
  EXPECT_EQ(
      refused(""),
      "m.onnx: not a model that bitloom reads: neither ONNX (there is no graph in it) nor a FINN topology in JSON, nor "
      "a folder of BNN-PYNQ parameters");
  const std::string whole = annotated_model();
  EXPECT_EQ(refused(whole.substr(0, whole.size() - 1)), damaged);
}

TEST(OnnxHostile, deeply_nested_graphs_are_refused_without_deep_recursion_bad) {
  // A field of length-delimited type (tag 0xa0 0x01 ...) is written by hand, innermost first: graph.node.attribute.g.node
  // ...
  std::string nested;
  const auto wrap = [&](char tag) {
    std::string length;
    for (size_t n = nested.size(); true; n >>= 7) {
      length += static_cast<char>((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
      if (n <= 0x7f) break;
    }
    nested = tag + length + nested;
  };
  for (int depth = 0; depth < 20000; ++depth) {
    wrap(0x32);  // AttributeProto.g
    wrap(0x2a);  // NodeProto.attribute
    wrap(0x0a);  // GraphProto.node
  }
  wrap(0x3a);  // ModelProto.graph
  EXPECT_THROW(read_onnx(bytes_of(nested), "m.onnx"), Error);
}

TEST(OnnxHostile, huge_shapes_are_refused_before_memory_is_taken_bad) {
  for (const auto& shape : {std::vector<int64_t>{INT64_MAX},
                            {INT64_MAX, INT64_MAX},
                            {1 << 20, 1 << 20},
                            std::vector<int64_t>(100, 1 << 10),
                            {INT64_MIN, INT64_MIN}}) {
    onnx::ModelProto model = small_model();
    add_constant(model, floats("c", shape, {1}));
    EXPECT_NE(refusal(model), "");
  }
}

TEST(OnnxHostile, many_equal_names_take_linear_time) {
  onnx::ModelProto model = small_model();
  for (int i = 0; i < 20000; ++i) add_node(model, "same", "Relu", {"x"}, {std::to_string(i)});
  EXPECT_EQ(read_model(model).nodes.size(), 20002);
}

}  // namespace
}  // namespace bitloom::frontend
