// SPDX-License-Identifier: Apache-2.0
//
// Networks cut into processes that a pipe joins give the integers of the whole.
#include <gtest/gtest.h>

#include "cli/shell.h"

namespace bitloom::cli::test {
namespace {

class Pipeline : public testing::Test {
 protected:
  void SetUp() override { shell_.output("bitloom run whole.bloom models/digits -o whole.npy"); }

  /// Cuts `model` after a layer and expects to be told what crosses.
  void cut(const std::string& model, const std::string& layer, const std::string& first, const std::string& second) {
    shell_.output("bitloom cut " + model + " --after " + layer + " -o " + first + " " + second);
  }

  struct WithModel : Shell {
    WithModel() { std::filesystem::copy_file(path(kLfc), path("whole.bloom")); }
  };
  WithModel shell_;
};

TEST_F(Pipeline, of_two_processes_equals_the_whole) {
  cut("whole.bloom", "dense1.act", "a.bloom", "b.bloom");
  EXPECT_EQ(shell_.output("bitloom run a.bloom models/digits -o - | bitloom run b.bloom - -o out.npy"),
            "out.npy: 100 images\n");
  EXPECT_EQ(shell_.array("out.npy"), shell_.array("whole.npy"));
}

TEST_F(Pipeline, of_three_processes_equals_the_whole) {
  cut("whole.bloom", "dense0", "a.bloom", "rest.bloom");
  cut("rest.bloom", "dense1.act", "b.bloom", "c.bloom");
  shell_.output(
      "bitloom run a.bloom models/digits -o - --batch 9 | bitloom run b.bloom - -o - | bitloom run c.bloom - "
      "-o out.npy --batch 1");
  EXPECT_EQ(shell_.array("out.npy"), shell_.array("whole.npy"));
}

TEST_F(Pipeline, by_way_of_a_file_equals_the_whole) {
  cut("whole.bloom", "pixels", "a.bloom", "b.bloom");
  shell_.output("bitloom run a.bloom models/digits -o - >stream && bitloom run b.bloom - -o out.npy <stream");
  EXPECT_EQ(shell_.array("out.npy"), shell_.array("whole.npy"));
}

TEST_F(Pipeline, cut_says_what_crosses) {
  EXPECT_EQ(shell_.output("bitloom cut whole.bloom --after dense0.act -o a.bloom b.bloom"),
            "a.bloom: 5 layers\n"
            "b.bloom: 7 layers\n"
            "between them: 'dense0.act', 1024 of bipolar, 128 bytes an image\n");
  EXPECT_EQ(shell_.json("bitloom cut whole.bloom --after dense0.act -o a.bloom b.bloom --json"),
            nlohmann::json::parse(R"({"after": "dense0.act", "outputs": ["a.bloom", "b.bloom"], "bytes_per_image": 128,
                                     "tensors": [{"name": "dense0.act", "values": "bipolar", "bytes": 128}]})"));
  EXPECT_EQ(shell_.output("bitloom run a.bloom models/digits/000_7.png"),
            "1 images; the network does not classify, write its outputs with -o out.npy\n");
}

TEST_F(Pipeline, that_is_cut_off_is_an_error_bad) {
  cut("whole.bloom", "dense0.act", "a.bloom", "b.bloom");
  const Result result =
      shell_.run("bitloom run a.bloom models/digits -o - | head -c 5000 | bitloom run b.bloom - -o out.npy");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(
      result.err,
      "bitloom: error: standard input: the stream ends after 34 images in the middle of one; whoever wrote it stopped "
      "early\n");
  EXPECT_FALSE(std::filesystem::exists(shell_.path("out.npy")));
}

TEST_F(Pipeline, whose_first_process_fails_is_an_error_bad) {
  cut("whole.bloom", "dense0.act", "a.bloom", "b.bloom");
  const Result result = shell_.run("bitloom run a.bloom no.png -o - | bitloom run b.bloom - -o out.npy");
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.err.find("bitloom: error: no.png: cannot open: No such file or directory\n"), std::string::npos);
  EXPECT_NE(result.err.find("the stream ends after 0 images"), std::string::npos);
}

TEST_F(Pipeline, of_networks_that_do_not_fit_is_an_error_bad) {
  cut("whole.bloom", "dense0.act", "a.bloom", "b.bloom");
  const Result result = shell_.run("bitloom run a.bloom models/digits/000_7.png -o - | bitloom run whole.bloom -");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(
      result.err,
      "bitloom: error: standard input: tensor 'dense0.act' is 1024 of bipolar, the network's input 'image' is 28x28x1 "
      "of unsigned8\n");
  const Result pictures = shell_.run("bitloom run b.bloom models/digits");
  EXPECT_EQ(pictures.status, 1);
  EXPECT_EQ(
      pictures.err,
      "bitloom: error: models/digits: the images are 28 x 28 x 1 (height, width, channels), the network's input is 1 x "
      "1 x 1024\n");
}

}  // namespace
}  // namespace bitloom::cli::test
