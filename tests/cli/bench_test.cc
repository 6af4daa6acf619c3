// SPDX-License-Identifier: Apache-2.0
//
// bitloom bench: what it prints and which keys it has; never how fast anything was. What it hands to other runtimes is held
// against the network, and a `node` that these tests write stands in for theirs.
#include <fstream>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "bitloom/engine.h"
#include "cli/shell.h"

namespace bitloom::cli::test {
namespace {

using Strings = std::vector<std::string>;

const std::string kBench = "bitloom bench --seconds 0.01 ";
const std::string kQuick = kBench + kLfc + " --batch 4 ";

void save(const std::string& text, const std::filesystem::path& path) { ir::save(ir::parse(text), path); }

TEST(Bench, prints_speeds_layers_ceiling_and_memory) {
  const std::string text = Shell().output(kQuick + "--threads 1");
  EXPECT_TRUE(text.starts_with(
      fmt::format("lfc-w1a1: {}, batches of 4 random images\n\n"
                  "threads  images/s, best  images/s, median  CPU time %  one image, p50 us  one image, p99 us\n"
                  "----",
                  engine::targets().front())))
      << text;
  for (const std::string part :
       {"\n      1  ", "\nlayers, one thread, the fastest batch\nlayer ", "  what ", "  operations ", "  us/image",
        "  time %", "  TOp/s", "  ceiling %", "  bytes/image\n", "\nsum  ", "\nnetwork  5,820,416 operations an image, ",
        " TOp/s on one thread, ", " % of the ceiling\nceiling  ", " before, ", " after)\nmemory   parameters ",
        " bytes (1 thread), process at most "})
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
  EXPECT_EQ(text.find("2 threads"), std::string::npos) << text;
}

TEST(Bench, measures_one_thread_and_all_that_were_asked_for) {
  const Shell shell;
  const nlohmann::json json = shell.json(kQuick + "--threads 2 --json");
  EXPECT_EQ(json["speeds"][0]["threads"], 1);
  if (json["speeds"].size() == 1) GTEST_SKIP() << "this machine has one hardware thread";
  ASSERT_EQ(json["speeds"].size(), 2U);
  EXPECT_EQ(json["speeds"][1]["threads"], 2);
  EXPECT_NE(shell.output(kQuick + "--threads 2 --pin").find(" bytes (2 threads)"), std::string::npos);
}

TEST(Bench, gives_json) {
  const nlohmann::json json = Shell().json(kQuick + "--threads 1 --target portable --json");
  EXPECT_EQ(keys(json), (Strings{"batch", "ceiling", "comparisons", "layers", "name", "of_ceiling", "operations",
                                 "operations_per_second", "parameter_bytes", "peak_resident_bytes", "speeds", "target"}));
  EXPECT_EQ(json["name"], "lfc-w1a1");
  EXPECT_EQ(json["target"], "portable");
  EXPECT_EQ(json["batch"], 4);
  EXPECT_EQ(json["operations"], 5820416);
  EXPECT_EQ(json["comparisons"], nlohmann::json::array());
  EXPECT_EQ(keys(json["ceiling"]), (Strings{"after", "before", "operations_per_second", "steady"}));
  EXPECT_EQ(json["ceiling"]["operations_per_second"], std::max(json["ceiling"]["before"], json["ceiling"]["after"]));
  ASSERT_EQ(json["speeds"].size(), 1U);
  const nlohmann::json& speed = json["speeds"][0];
  EXPECT_EQ(keys(speed), (Strings{"cpu_share", "images_per_second", "images_per_second_median", "latency_runs",
                                  "latency_us_p50", "latency_us_p99", "repeats", "threads", "workspace_bytes"}));
  EXPECT_GE(speed["images_per_second"], speed["images_per_second_median"]);
  EXPECT_GE(speed["latency_us_p99"], speed["latency_us_p50"]);
  EXPECT_GE(speed["repeats"], 3);
  EXPECT_GE(speed["cpu_share"], 0.0);
  EXPECT_GE(speed["latency_runs"], 10);
  EXPECT_GT(speed["workspace_bytes"], 0);
  EXPECT_DOUBLE_EQ(json["operations_per_second"].get<double>(), 5820416 * speed["images_per_second"].get<double>());
}

TEST(Bench, layers_make_up_the_network) {
  const nlohmann::json json = Shell().json(kQuick + "--threads 1 --json");
  double share = 0;
  int64_t operations = 0;
  for (const auto& layer : json["layers"]) {
    EXPECT_EQ(keys(layer), (Strings{"bytes", "name", "of_ceiling", "operations", "operations_per_second", "share",
                                    "us_per_image", "what"}));
    share += layer["share"].get<double>();
    operations += layer["operations"].get<int64_t>();
  }
  EXPECT_NEAR(share, 1, 1e-9);
  EXPECT_EQ(operations, 5820416);
}

TEST(Bench, layers_can_be_left_out) {
  const Shell shell;
  const std::string text = shell.output(kQuick + "--no-layers");
  EXPECT_EQ(text.find("us/image"), std::string::npos) << text;
  EXPECT_NE(text.find("\nnetwork  "), std::string::npos) << text;
  EXPECT_EQ(shell.json(kQuick + "--no-layers --json")["layers"], nlohmann::json::array());
}

TEST(Bench, batches_are_smaller_for_large_images) {
  const Shell shell;
  save(
      "network \"large\"\n%0 = input \"x\" 512x512x1 unsigned1\n%1 = sum_pool \"sum\" %0 kernel=512x512\n"
      "%2 = output \"y\" %1\noutput %2\n",
      shell.path("large.bloom"));
  EXPECT_EQ(shell.json(kBench + "large.bloom --json")["batch"], 7);
  EXPECT_EQ(shell.json(kBench + "large.bloom --json --batch 2")["batch"], 2);
  EXPECT_EQ(shell.json(kBench + kSfc + " --json --no-layers")["batch"], 256);
}

TEST(Bench, takes_several_inputs_of_any_type) {
  const Shell shell;
  save(
      "network \"two\"\n%0 = input \"a\" 1x1x3 signed4\n%1 = input \"b\" 1x1x3 range(-100000..100000)\n"
      "%2 = add \"sum\" %0 %1\n%3 = output \"y\" %2\noutput %3\n",
      shell.path("two.bloom"));
  const nlohmann::json json = shell.json(kBench + "two.bloom --json");
  EXPECT_EQ(json["operations"], 0);
  EXPECT_EQ(json["operations_per_second"], 0.0);
}

TEST(Bench, wrong_usage_is_refused_bad) {
  const Shell shell;
  const std::string hint = "\nRun with --help for more information.\n";
  const std::string targets = fmt::format("{}", fmt::join(engine::targets(), ","));
  const std::tuple<std::string, int, std::string> cases[] = {
      {"bitloom bench", 2, "MODEL is required" + hint},
      {kQuick + "--target mmx", 2, "--target: mmx not in {" + targets + "}" + hint},
      {kBench + kLfc + " --batch 0", 2, "--batch: Value 0 not in range 1 to 1048576" + hint},
      {kQuick + "--threads -1", 2, "--threads: Value -1 not in range 0 to 1024" + hint},
      {kQuick + "--compare abacus", 2, "--compare: abacus not in {onnxruntime}" + hint},
      {kBench + "./no.bloom", 1, "bitloom: error: ./no.bloom: cannot open: No such file or directory\n"},
  };
  for (const auto& [command, status, text] : cases) {
    SCOPED_TRACE(command);
    const Result result = shell.run(command);
    EXPECT_EQ(result.status, status);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, text);
  }
  const Result variable = shell.run("export BITLOOM_TARGET=mmx; " + kQuick);
  EXPECT_EQ(variable.status, 1);
  EXPECT_NE(variable.err.find("BITLOOM_TARGET: 'mmx' is not one of the targets"), std::string::npos) << variable.err;
}

}  // namespace
}  // namespace bitloom::cli::test
