// SPDX-License-Identifier: Apache-2.0
//
// BNN-PYNQ parameter folders written by the test. Files may be short, so a whole CNV fits in a few words.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "bitloom/file.h"
#include "bitloom/frontend.h"
#include "support/property.h"
#include "support/temporary_folder.h"

namespace bitloom::frontend {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

struct Folding {
  int64_t synapses, neurons, simd, elements;
};

const std::vector<Folding> kLfc = {{832, 1024, 64, 32}, {1024, 1024, 32, 64}, {1024, 1024, 64, 32}, {1024, 64, 8, 16}};
const std::vector<Folding> kCnv1 = {{27, 64, 3, 16},     {576, 64, 32, 32},  {576, 128, 32, 16},
                                    {1152, 128, 32, 16}, {1152, 256, 32, 4}, {2304, 256, 32, 1},
                                    {256, 512, 4, 1},    {512, 512, 8, 1},   {512, 64, 1, 4}};
const std::vector<Folding> kCnv2 = {{27, 64, 3, 8},     {576, 64, 16, 16}, {576, 128, 16, 8},
                                    {1152, 128, 16, 8}, {1152, 256, 8, 4}, {2304, 256, 8, 1},
                                    {256, 512, 2, 1},   {512, 512, 2, 2},  {512, 64, 1, 4}};

// Words of each file that is not empty.
using Words = std::map<std::string, std::vector<uint64_t>>;

void write_words(const fs::path& path, const std::vector<uint64_t>& words) {
  write_file(path, std::as_bytes(std::span(words)));
}

void write_folder(const fs::path& path, const std::vector<Folding>& layers, const Words& words,
                  std::string_view classes = "a\nb\nc\n") {
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    for (int64_t element = 0; element < layers[layer].elements; ++element) {
      for (const char* kind : {"weights", "thres"}) {
        if (layer == 8 && std::string_view(kind) == "thres") continue;
        const std::string name = fmt::format("{}-{}-{}.bin", layer, element, kind);
        const auto at = words.find(name);
        // Not write_file: hundreds of files need not reach the disk.
        std::FILE* file = std::fopen((path / name).c_str(), "wb");
        if (at != words.end()) std::fwrite(at->second.data(), 8, at->second.size(), file);
        std::fclose(file);
      }
    }
  }
  if (!classes.empty()) write_file(path / "classes.txt", classes);
}

Words random_words(const std::vector<Folding>& layers, int64_t thresholds, std::mt19937_64& random) {
  Words words;
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    const Folding& folding = layers[layer];
    for (int64_t element = 0; element < folding.elements; ++element) {
      auto& weights = words[fmt::format("{}-{}-weights.bin", layer, element)];
      weights.resize(static_cast<size_t>(folding.synapses / folding.simd * folding.neurons / folding.elements));
      std::generate(weights.begin(), weights.end(), random);
      if (layer == 8) continue;
      auto& thres = words[fmt::format("{}-{}-thres.bin", layer, element)];
      thres.resize(
          static_cast<size_t>((layer == 3 && layers.size() == 4 ? 1 : thresholds) * folding.neurons / folding.elements));
      std::generate(thres.begin(), thres.end(), random);
    }
  }
  return words;
}

// The weight of a 1-bit network as the format's index formulas say; words that the file lacks are 0.
double weight(const Words& words, size_t layer, const Folding& folding, int64_t neuron, int64_t synapse) {
  const auto file = words.find(fmt::format("{}-{}-weights.bin", layer, neuron % folding.elements));
  const int64_t index = neuron / folding.elements * (folding.synapses / folding.simd) + synapse / folding.simd;
  if (file == words.end() || index >= static_cast<int64_t>(file->second.size())) return -1;
  return file->second[static_cast<size_t>(index)] >> (synapse % folding.simd) & 1 ? 1 : -1;
}

double at(const Array& array, int64_t row, int64_t column) {
  return array.data.at(static_cast<size_t>(row * array.shape.at(1) + column));
}

std::string refusal(const fs::path& path) {
  try {
    read_bnn_pynq(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(BnnPynq, PropertyLfcWeightsAndPaddingAreDecoded) {
  for (uint64_t seed = 0; seed < std::min<uint64_t>(test::cases(1), 20); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const TemporaryFolder folder;
    const Words words = random_words(kLfc, 1, random);
    write_folder(folder.path(), kLfc, words);
    const QuantGraph graph = read(folder.path());
    EXPECT_EQ(graph.name, "lfcW1A1");
    EXPECT_EQ(graph.constants.at("weights_0").shape, (std::vector<int64_t>{784, 1024}));
    for (int i = 0; i < 20000; ++i) {
      const size_t layer = random() % 4;
      const auto neuron = static_cast<int64_t>(random()) & (kLfc[layer].neurons - 1);
      const auto synapse = static_cast<int64_t>(random() % (layer == 0 ? 784 : 1024));
      ASSERT_EQ(at(graph.constants.at(fmt::format("weights_{}", layer)), synapse, neuron),
                weight(words, layer, kLfc[layer], neuron, synapse))
          << layer << ' ' << neuron << ' ' << synapse;
    }
    // A padding bit 0 agrees with a weight bit 0 and is counted.
    for (int64_t neuron = 0; neuron < 1024; ++neuron) {
      double count = 784 / 2.0;
      for (int64_t s = 784; s < 832; ++s) count += weight(words, 0, kLfc[0], neuron, s) < 0;
      ASSERT_EQ(graph.constants.at("offset_acc_0").data.at(static_cast<size_t>(neuron)), count);
    }
    EXPECT_EQ(graph.constants.at("offset_acc_1"), Array::scalar(512));
  }
}

TEST(BnnPynq, lfc_is_a_graph_of_ordinary_operators) {
  const TemporaryFolder folder;
  write_folder(folder.path(), kLfc, {});
  const QuantGraph graph = read(folder.path());
  EXPECT_EQ(graph.format, "BNN-PYNQ");
  EXPECT_EQ(graph.source, folder.path().string());
  EXPECT_EQ(graph.classes, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(graph.outputs, (std::vector<std::string>{"logits", "class"}));
  ASSERT_EQ(graph.inputs.size(), 1);
  EXPECT_EQ(graph.inputs[0].shape, (std::vector<int64_t>{1, 28, 28, 1}));
  EXPECT_EQ(graph.inputs[0].datatype, "UINT8");
  EXPECT_EQ(graph.inputs[0].layout, "NHWC");
  std::vector<std::string> made;
  for (const GraphNode& node : graph.nodes) made.push_back(fmt::format("{} {}", node.op, node.outputs.back()));
  EXPECT_EQ(made, (std::vector<std::string>{"Flatten flat",
                                            "MultiThreshold pixels",
                                            "MatMul sum_0",
                                            "Mul half_0",
                                            "Add acc_0",
                                            "MultiThreshold act_0",
                                            "MatMul sum_1",
                                            "Mul half_1",
                                            "Add acc_1",
                                            "MultiThreshold act_1",
                                            "MatMul sum_2",
                                            "Mul half_2",
                                            "Add acc_2",
                                            "MultiThreshold act_2",
                                            "MatMul sum_3",
                                            "Mul half_3",
                                            "Add acc_3",
                                            "Slice logits",
                                            "MultiThreshold act_3",
                                            "Slice bits",
                                            "Mul ranked",
                                            "TopK class"}));
  EXPECT_EQ(graph.constants.at("rank"), (Array{{3}, {1, 2, 3}}));
  EXPECT_EQ(graph.constants.at("ends_logits"), (Array{{1}, {3}}));
}

TEST(BnnPynq, thresholds_are_wrapped_sorted_and_made_inclusive) {
  const TemporaryFolder folder;
  Words words;
  words["0-0-thres.bin"] = std::vector<uint64_t>(64);  // 32 neurons with two thresholds each, so this is A2
  words["0-0-thres.bin"][0] = 100;
  words["0-0-thres.bin"][1] = static_cast<uint64_t>(-5);
  words["0-0-thres.bin"][2] = 32767;
  words["0-0-thres.bin"][3] = 32768;
  words["3-0-thres.bin"] = {65535};
  write_folder(folder.path(), kLfc, words);
  const QuantGraph graph = read(folder.path());
  EXPECT_EQ(graph.name, "lfcW1A2");
  const Array& first = graph.constants.at("thresholds_act_0");
  EXPECT_EQ(first.shape, (std::vector<int64_t>{1024, 2}));
  EXPECT_EQ(at(first, 0, 0), -4);
  EXPECT_EQ(at(first, 0, 1), 101);
  EXPECT_EQ(at(first, 32, 0), -32767) << "32768 is -32768 in 16 bits";
  EXPECT_EQ(at(first, 32, 1), 32768);
  EXPECT_EQ(graph.constants.at("thresholds_act_3").shape, (std::vector<int64_t>{64, 1}));
  EXPECT_EQ(at(graph.constants.at("thresholds_act_3"), 0, 0), 0);
}

TEST(BnnPynq, lfc_with_2_bit_activations_adds_what_its_padding_adds) {
  const TemporaryFolder folder;
  std::mt19937_64 random(1);
  Words words = random_words(kLfc, 2, random);
  for (int64_t element = 0; element < 32; ++element) {
    auto& file = words[fmt::format("0-{}-weights.bin", element)];
    for (size_t i = 12; i < file.size(); i += 13) file[i] |= ~uint64_t{0} << 16;  // padding of +1, as trained sets have
  }
  write_folder(folder.path(), kLfc, words);
  const QuantGraph graph = read(folder.path());
  EXPECT_EQ(graph.constants.at("offset_acc_0"), Array::scalar(-48));
  EXPECT_FALSE(graph.constants.contains("offset_acc_1"));
  EXPECT_EQ(graph.datatypes.at("act_0"), "TERNARY");
}

TEST(BnnPynq, cnv_kernels_are_in_onnx_order) {
  const TemporaryFolder folder;
  Words words;
  // Neuron 16 is fold 1 of element 0: words 9 to 17, one for each kernel position, 3 lanes for the channels.
  words["0-0-weights.bin"] = std::vector<uint64_t>(18);
  words["0-0-weights.bin"][9 + 5] = 2;
  words["0-1-thres.bin"] = {0xffffff};
  write_folder(folder.path(), kCnv1, words);
  const QuantGraph graph = read(folder.path());
  EXPECT_EQ(graph.name, "cnvW1A1");
  EXPECT_EQ(graph.inputs[0].layout, "NCHW");
  const Array& weights = graph.constants.at("weights_0");
  ASSERT_EQ(weights.shape, (std::vector<int64_t>{64, 3, 3, 3}));
  for (size_t i = 0; i < weights.data.size(); ++i) {
    EXPECT_EQ(weights.data[i], i == (16 * 3 + 1) * 9 + 5 ? 1 : -1) << i;
  }
  EXPECT_EQ(at(graph.constants.at("thresholds_act_0"), 1, 0), 0) << "24 bits: 0xffffff is -1";
  EXPECT_EQ(graph.constants.at("thresholds_pixels").data.size(), 255);
  EXPECT_EQ(graph.constants.at("offset_acc_8"), Array::scalar(256));
  EXPECT_EQ(std::count_if(graph.nodes.begin(), graph.nodes.end(), [](auto& node) { return node.op == "MaxPool"; }), 2);
}

TEST(BnnPynq, cnv_with_2_bit_weights_is_known_by_its_files) {
  const TemporaryFolder folder;
  Words words;
  words["0-0-weights.bin"] = {0b10'11'01};
  write_folder(folder.path(), kCnv2, words);
  const QuantGraph graph = read(folder.path());
  EXPECT_EQ(graph.name, "cnvW2A2");
  const Array& weights = graph.constants.at("weights_0");
  EXPECT_EQ(weights.data[0], 1);
  EXPECT_EQ(weights.data[9], -1);
  EXPECT_EQ(weights.data[18], -2);
  EXPECT_EQ(weights.data[1], 0);
  EXPECT_EQ(graph.datatypes.at("weights_0"), "INT2");
  EXPECT_EQ(graph.constants.at("thresholds_act_0").shape, (std::vector<int64_t>{64, 2}));
}

TEST(BnnPynq, cnv_with_longer_threshold_files_has_2_bit_activations) {
  const TemporaryFolder folder;
  write_folder(folder.path(), kCnv1, {{"7-0-thres.bin", std::vector<uint64_t>(1000)}});
  EXPECT_EQ(read(folder.path()).name, "cnvW1A2");
}

TEST(BnnPynq, superfluous_files_are_passed_over) {
  const TemporaryFolder folder;
  write_folder(folder.path(), kCnv1, {});
  write_file(folder.path() / "8-0-thres.bin", "odd");
  write_file(folder.path() / "README", "odd");
  fs::create_directory(folder.path() / "9-0-weights.bin");
  EXPECT_EQ(read(folder.path()).name, "cnvW1A1");
}

TEST(BnnPynq, classes_may_end_lines_in_any_way) {
  const TemporaryFolder folder;
  write_folder(folder.path(), kCnv1, {});
  for (const auto& [text, expected] :
       std::vector<std::pair<std::string, std::vector<std::string>>>{{"a\nb", {"a", "b"}},
                                                                     {"a\r\nb c\r\n", {"a", "b c"}},
                                                                     {"a\n\nb\n\n\r\n", {"a", "", "b"}},
                                                                     {"Größe", {"Größe"}}}) {
    write_file(folder.path() / "classes.txt", text);
    EXPECT_EQ(read(folder.path()).classes, expected);
  }
}

TEST(BnnPynq, unreadable_files_are_named_bad) {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  write_folder(folder.path(), kCnv1, {});
  write_file(folder.path() / "0-3-weights.bin", "123456789");
  EXPECT_EQ(refusal(folder.path()), path + "/0-3-weights.bin: is 9 bytes long; it must hold whole 8-byte words");
  write_words(folder.path() / "0-3-weights.bin", std::vector<uint64_t>(37));
  EXPECT_EQ(refusal(folder.path()), path + "/0-3-weights.bin: holds 37 words; this layer has 36");
  write_words(folder.path() / "0-3-weights.bin", {});
  write_words(folder.path() / "2-0-thres.bin", std::vector<uint64_t>(17));
  EXPECT_EQ(refusal(folder.path()), path + "/2-0-thres.bin: holds 17 words; this layer has 16");
  fs::remove(folder.path() / "2-0-thres.bin");
  fs::remove(folder.path() / "4-1-weights.bin");
  EXPECT_EQ(refusal(folder.path()),
            path +
                ": is not a whole BNN-PYNQ parameter folder: of the files of cnvW1, the nearest of lfcW1, cnvW1 and cnvW2, "
                "2 are missing, the first is 2-0-thres.bin");
}

TEST(BnnPynq, bad_class_names_are_refused_bad) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "classes.txt").string();
  write_folder(folder.path(), kCnv1, {}, "");
  EXPECT_EQ(refusal(folder.path()),
            path + ": is missing; it names the classes, one a line, and so says how many of the 64 outputs count");
  write_file(folder.path() / "classes.txt", "\n\n");
  EXPECT_EQ(refusal(folder.path()), path + ": names 0 classes; the network has between 1 and 64");
  std::string many;
  for (int i = 0; i < 65; ++i) many += "x\n";
  write_file(folder.path() / "classes.txt", many);
  EXPECT_EQ(refusal(folder.path()), path + ": names 65 classes; the network has between 1 and 64");
  write_file(folder.path() / "classes.txt", "\xc3\x28");
  EXPECT_EQ(refusal(folder.path()), path + ": is not UTF-8 text");
}

TEST(BnnPynq, other_folders_are_refused_bad) {
  const TemporaryFolder folder;
  EXPECT_EQ(refusal(folder.path()),
            folder.path().string() +
                ": not a model that bitloom reads: a folder must hold BNN-PYNQ parameters (0-0-weights.bin and so on)");
}

TEST(Read, files_that_are_not_there_are_named_bad) {
  try {
    read("/nowhere/model.onnx");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "/nowhere/model.onnx: cannot open: No such file or directory");
  }
}

}  // namespace
}  // namespace bitloom::frontend
