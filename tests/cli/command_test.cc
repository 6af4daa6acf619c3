// SPDX-License-Identifier: Apache-2.0
//
// The commands on the models and digits that bitloom ships: help, exit status, errors, JSON, and the numbers they print.
#include <fstream>

#include <gtest/gtest.h>

#include "cli/shell.h"

namespace bitloom::cli::test {
namespace {

using Strings = std::vector<std::string>;

const std::string kInfo = std::string("bitloom info ") + kLfc;
const std::string kRun = std::string("bitloom run ") + kLfc;

void copy_start(const std::filesystem::path& from, const std::filesystem::path& to, int64_t bytes) {
  std::ifstream in(from, std::ios::binary);
  std::string text(static_cast<size_t>(bytes), '\0');
  in.read(text.data(), bytes);
  std::ofstream(to, std::ios::binary) << text;
}

TEST(Command, every_command_has_help_with_an_example) {
  const Shell shell;
  const std::string overview = shell.output("bitloom --help");
  for (const std::string name : {"info", "convert", "run", "eval", "bench", "cut", "fetch", "train", "models", "demo"}) {
    EXPECT_NE(overview.find("\n  " + name + " "), std::string::npos) << name;
    const std::string help = shell.output("bitloom " + name + " --help");
    EXPECT_NE(help.find("\nExample: bitloom " + name), std::string::npos) << help;
    EXPECT_NE(help.find("--json"), std::string::npos) << help;
  }
}

TEST(Command, says_its_version) {
  const std::string text = Shell().output("bitloom --version");
  EXPECT_TRUE(text.starts_with("bitloom ")) << text;
}

TEST(Command, wrong_usage_is_status_2_bad) {
  const Shell shell;
  const std::string hint = "\nRun with --help for more information.\n";
  const std::pair<std::string, std::string> cases[] = {
      {"bitloom bogus", "The following argument was not expected: bogus"},
      {kInfo + " --input nonsense", "--input: nonsense not in {auto,pixels,real,uint8}"},
      {"bitloom info", "MODEL is required"},
      {kInfo + " extra", "The following argument was not expected: extra"},
      {kInfo + " --bad", "The following argument was not expected: --bad"},
      {kRun, "INPUTS is required"},
      {kRun + " models/digits --batch 0", "--batch: Value 0 not in range 1 to 1048576"},
      {kRun + " models/digits --threads -1", "--threads: Value -1 not in range 0 to 1024"},
      {std::string("bitloom eval ") + kLfc, "--data is required"},
      {std::string("bitloom cut ") + kLfc + " -o a.bloom b.bloom", "--after is required"},
      {std::string("bitloom convert ") + kLfc, "--output is required"},
  };
  for (const auto& [command, text] : cases) {
    SCOPED_TRACE(command);
    const Result result = shell.run(command);
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, text + hint);
  }
  for (const std::string& command : {std::string("bitloom"), kRun + " --batch"}) {
    SCOPED_TRACE(command);
    const Result result = shell.run(command);
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err, "");
  }
}

TEST(Command, failed_work_is_status_1_bad) {
  const Shell shell;
  copy_start(shell.path(kLfc), shell.path("short.bloom"), 1000);
  copy_start(shell.path("models/digits/000_7.png"), shell.path("short.png"), 100);
  std::ofstream(shell.path("text.onnx")) << "hello";
  const std::pair<std::string, std::string> cases[] = {
      {"bitloom info ./no.bloom", "./no.bloom: cannot open: No such file or directory"},
      {"bitloom info ./no.bloom --json", "./no.bloom: cannot open: No such file or directory"},
      {"bitloom info short.bloom", "short.bloom: is damaged or cut off: its structure is not that of a .bloom file"},
      {kRun + " no.png", "no.png: cannot open: No such file or directory"},
      {kRun + " models/lfc-w1a1", "models/lfc-w1a1: holds no .png, .jpg or .jpeg file"},
      {kRun + " - </dev/null",
       "standard input: the stream ends after 0 images in the middle of one; whoever wrote it stopped early"},
      {"echo hello world | " + kRun + " -",
       "standard input: is no stream of framed tensors; make one with `bitloom run MODEL INPUTS -o -`"},
      {std::string("bitloom eval ") + kLfc + " --data mnist --data-dir .",
       "./mnist: does not hold t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; get the data set with: bitloom fetch mnist"},
      {std::string("bitloom eval ") + kLfc + " --data mnits",
       "'mnits' is neither a data set that is known (mnist, fashion-mnist, cifar10, svhn) nor a folder; a folder with "
       "train/ and test/, each with one folder a class, may be given"},
      {std::string("bitloom cut ") + kLfc + " --after layer9 -o a.bloom b.bloom",
       "network 'lfc-w1a1': has no node 'layer9'"},
      {std::string("bitloom cut ") + kLfc + " --after dense3 -o a.bloom b.bloom",
       "network 'lfc-w1a1': a cut after node 'dense3' leaves nothing to compute in the second half"},
      {std::string("bitloom convert ") + kLfc + " -o no/x.bloom", "no/x.bloom: cannot write: No such file or directory"},
  };
  for (const auto& [command, text] : cases) {
    SCOPED_TRACE(command);
    const Result result = shell.run(command);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "bitloom: error: " + text + "\n");
  }
  for (const std::string& command : {std::string("bitloom info text.onnx"), kRun + " short.png", kRun + " text.onnx"}) {
    SCOPED_TRACE(command);
    const Result result = shell.run(command);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.err.starts_with("bitloom: error: ")) << result.err;
  }
}

TEST(Command, info_has_the_totals_of_the_shipped_lfc) {
  const Shell shell;
  const std::string text = shell.output(kInfo);
  EXPECT_TRUE(
      text.ends_with("\n5,820,416 operations an image (2,910,208 multiply-accumulates), 2,910,208 weight bits "
                     "(363,776 bytes), 3,073 thresholds\n"))
      << text;
  const nlohmann::json json = shell.json(kInfo + " --json");
  EXPECT_EQ(keys(json), (Strings{"classes", "layers", "macs", "name", "operations", "outputs"}));
  EXPECT_EQ(json["macs"], 2910208);
  EXPECT_EQ(json["operations"], 5820416);
  EXPECT_EQ(json["outputs"], nlohmann::json({"logits"}));
  EXPECT_EQ(json["classes"].size(), 10U);
  int64_t bits = 0;
  for (const auto& layer : json["layers"]) {
    EXPECT_EQ(keys(layer),
              (Strings{"cut_bytes", "inputs", "kind", "macs", "name", "shape", "thresholds", "values", "weight_bits"}));
    bits += layer["weight_bits"].get<int64_t>();
  }
  EXPECT_EQ(bits, 2910208);
  EXPECT_EQ(json["layers"][4]["cut_bytes"], 128);
}

TEST(Command, info_prints_the_text_form) {
  const std::string text = Shell().output(kInfo + " --text");
  EXPECT_NE(text.find("dense0.act"), std::string::npos);
  // Weights are left out; they would take 700 kB.
  EXPECT_LT(text.size(), 100000U);
}

TEST(Command, run_takes_a_picture_a_folder_and_an_array) {
  const Shell shell;
  EXPECT_EQ(shell.output(kRun + " models/digits/000_7.png"),
            "image  class\n"
            "--------------\n"
            "    0      7\n");
  EXPECT_TRUE(shell.output(kRun + " models/digits").ends_with("100 of 100 right (100.00 %)\n"));

  const data::DataSet digits = data::read_images(shell.path("models/digits"));
  data::write_npy({{100, 28, 28}, digits.images.pixels}, shell.path("digits.npy"));
  EXPECT_EQ(shell.output(kRun + " digits.npy -o a.npy"), "a.npy: 100 images\n");
  shell.output(kRun + " models/digits -o b.npy --batch 7 --threads 2");
  EXPECT_EQ(shell.array("a.npy"), shell.array("b.npy"));
  EXPECT_EQ(shell.array("a.npy").shape, (std::vector<int64_t>{100, 10}));
  shell.output(kRun + " models/digits/000_7.png models/digits/001_2.png digits.npy -o c.npy");
  EXPECT_EQ(shell.array("c.npy").shape, (std::vector<int64_t>{102, 10}));
}

TEST(Command, run_gives_json) {
  const Shell shell;
  const nlohmann::json one = shell.json(kRun + " models/digits/000_7.png --json");
  EXPECT_EQ(one, nlohmann::json::parse(R"({"images": 1, "classes": [7], "names": ["7"], "files": []})"));
  const nlohmann::json all = shell.json(kRun + " models/digits --json -o out.npy");
  EXPECT_EQ(keys(all), (Strings{"accuracy", "classes", "files", "images", "names"}));
  EXPECT_EQ(all["accuracy"], 1.0);
  EXPECT_EQ(all["classes"].size(), 100U);
  EXPECT_EQ(all["files"], nlohmann::json({"out.npy"}));
}

TEST(Command, reference_equals_engine) {
  const Shell shell;
  const std::string run = std::string("bitloom run ") + kSfc + " models/digits";
  shell.output(run + " -o engine.npy");
  shell.output(run + " -o reference.npy --reference");
  EXPECT_EQ(shell.array("engine.npy"), shell.array("reference.npy"));
}

TEST(Command, eval_of_the_shipped_digits) {
  const Shell shell;
  const std::string eval = std::string("bitloom eval ") + kLfc + " --data models/digits";
  EXPECT_TRUE(shell.output(eval).starts_with("digits: 100 of 100 right, 100.00 %, "));
  const nlohmann::json json = shell.json(eval + " --json");
  EXPECT_EQ(keys(json), (Strings{"accuracy", "correct", "data", "images", "images_per_second"}));
  EXPECT_EQ(json["correct"], 100);
  EXPECT_EQ(json["images"], 100);
  EXPECT_EQ(shell.json(eval + " --images 10 --json")["images"], 10);
}

TEST(Command, eval_of_a_folder_with_train_and_test) {
  const Shell shell;
  shell.output("mkdir -p set/train set/test; cp models/digits/* set/train; cp models/digits/00* set/test");
  const std::string eval = std::string("bitloom eval ") + kLfc + " --data set";
  EXPECT_TRUE(shell.output(eval).starts_with("set: 10 of 10 right, ")) << shell.output(eval);
  EXPECT_TRUE(shell.output(eval + " --split train").starts_with("set: 100 of 100 right, "));
}

TEST(Command, eval_needs_labels_bad) {
  const Shell shell;
  std::filesystem::copy_file(shell.path("models/digits/000_7.png"), shell.path("seven.png"));
  const Result result = shell.run(std::string("bitloom eval ") + kLfc + " --data seven.png");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(
      result.err,
      "bitloom: error: seven.png: has no labels; give a folder with a sub-folder a class, files named like 000_7.png, "
      "or the name of a data set (mnist, fashion-mnist, cifar10, svhn)\n");
}

TEST(Command, demo_gives_the_same_integers) {
  const Shell shell;
  const nlohmann::json json = shell.json("bitloom demo --json");
  EXPECT_EQ(keys(json), (Strings{"accuracy", "bytes_per_image", "cut_after", "identical", "images", "images_per_second"}));
  EXPECT_EQ(json["identical"], true);
  EXPECT_EQ(json["accuracy"], 1.0);
  EXPECT_EQ(json["bytes_per_image"], 128);
}

TEST(Command, no_progress_bar_is_drawn_where_nobody_watches) {
  const Shell shell;
  // More than a second in small batches; `output` fails for anything on standard error.
  const std::string digits = "models/digits models/digits models/digits";
  shell.output(std::string("bitloom run ") + kSfc + " --reference --batch 20 -o out.npy " + digits);
}

}  // namespace
}  // namespace bitloom::cli::test
