// SPDX-License-Identifier: Apache-2.0
//
// The page is well-formed, tells the numbers, escapes names, and leaves out what it has no data for.
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bitloom/plan_report.h"

namespace bitloom {
namespace {

using plan::PlanReport;

/// Convolutions on two boards, the rest on a third: the numbers of BNNsplit's Table I.
PlanReport sample(const std::string& board = "pynq", const std::string& layer = "conv0") {
  PlanReport report;
  plan::Problem& problem = report.problem;
  problem.layers = {layer, "conv1", "fc0"};
  problem.types.push_back({board, 3, {53200, 106400, 140, 220, 0}, {53200, 106400, 140, 220, 0}, 1, {}, true, {}, 0});
  problem.options.resize(1);
  problem.measured = {
      {{0, 2, 1 / 287.1, {31042, 47476, 124.5, 32, 0}, 1.823}, {2, 3, 1 / 719.6, {8352, 12513, 36, 0, 0}, 1.511}}};
  const std::vector<double> bytes{3072, 14400, 64, 24};
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    std::vector<bool> done(3);
    for (size_t i = 0; i < cut; ++i) done[i] = true;
    problem.cuts.push_back({cut == 0 ? "" : problem.layers[cut - 1], done, bytes[cut], bytes[cut], {}});
  }
  report.title = "CnvW2A2 on three boards";
  report.solution.plan.stages = {{0, 2, 0, 2, {}}, {2, 3, 0, 1, {}}};
  report.solution.prediction = plan::predict(problem, report.solution.plan);
  return report;
}

PlanReport full(const std::string& board = "pynq", const std::string& layer = "conv0") {
  PlanReport report = sample(board, layer);
  report.explanation = {"the convolutions on " + board + " set the rate",
                        report.solution,
                        {{"one more " + board, report.solution}, {"twice the bandwidth", std::nullopt}}};
  report.simulated = plan::simulate(report.problem, report.solution.plan, report.options);
  report.strategies = {{"replicas of " + board, {205.51, 411.02, 616.53}}, {"one cut", {0, 287.1, 574.2}}};
  report.pareto = {{205.51, 1.836, 1, "whole " + board, 1}, {574.2, 5.157, 2.04, "2 + 1", 3}};
  report.first_node = {{layer, {0.1, 0.09, 0.2, 0, 0}}, {"conv1", {0.58, 0.45, 0.89, 0, 0}}};
  report.first_node_device = board;
  return report;
}

/// What keeps a page from being well-formed; "" if nothing does. Knows tags and attributes in double quotes.
std::string fault_of(const std::string& page) {
  std::vector<std::string> open;
  size_t at = page.find("<html");
  while ((at = page.find('<', at)) != std::string::npos) {
    const size_t end = page.find('>', at);
    if (end == std::string::npos) return "a tag that does not end";
    const std::string tag = page.substr(at + 1, end - at - 1);
    at = end;
    if (tag.find('<') != std::string::npos) return "a tag within a tag: " + tag;
    const bool closes = tag.starts_with("/"), is_empty = tag.ends_with("/");
    const std::string name = tag.substr(closes, tag.find_first_of(" \n/", closes) - closes);
    if (closes) {
      if (open.empty() || open.back() != name) return "</" + name + "> closes nothing";
      open.pop_back();
    } else if (!is_empty) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> is left open";
}

bool has(const std::string& page, const std::string& text) { return page.find(text) != std::string::npos; }

const std::vector<std::string> kOptional{"What would change it",     "The first node as the cut moves",
                                         "Rate and number of nodes", "Rate against power and area",
                                         "Messages over time",       "Nodes when simulated"};

TEST(PlanReport, tells_the_numbers) {
  const std::string page = html(full());
  EXPECT_EQ(fault_of(page), "");
  for (const char* text :
       {"CnvW2A2 on three boards", "574.2", "5.16 W", "64 B", "3,072 B", "14,400", "conv0 .. conv1", "719.6",
        "BRAM36, 89 %", "the convolutions on pynq set the rate", "one more pynq", "still no plan", "BRAM36",
        "replicas of pynq", "2 + 1", "stage 1, 2 of 2: pynq", "back to the host", "100 % busy", "throughput"})
    EXPECT_TRUE(has(page, text)) << text;
  for (const std::string& section : kOptional) EXPECT_TRUE(has(page, section)) << section;
}

TEST(PlanReport, needs_nothing_but_itself) {
  const std::string page = html(full());
  for (const char* text : {"<script", "src=", "href=", "https:", "<link", "<iframe", "@import", "url("})
    EXPECT_FALSE(has(page, text)) << text;
}

TEST(PlanReport, escapes_what_is_text) {
  PlanReport report = full("<b>&\"'\xff", "</svg><script>");
  report.title = "a <net> & \"cluster\"";
  const std::string page = html(report);
  EXPECT_EQ(fault_of(page), "");
  EXPECT_TRUE(has(page, "a &lt;net&gt; &amp; &quot;cluster&quot;"));
  EXPECT_TRUE(has(page, "&lt;b&gt;&amp;&quot;&#39;\xEF\xBF\xBD"));
  for (const char* text : {"<b>&", "<script", "\xff", "<net>"}) EXPECT_FALSE(has(page, text)) << text;
}

TEST(PlanReport, leaves_out_what_it_has_no_data_for) {
  const std::string page = html(sample());
  EXPECT_EQ(fault_of(page), "");
  for (const std::string& section : kOptional) EXPECT_FALSE(has(page, section)) << section;
  EXPECT_TRUE(has(page, "What sets the rate"));
  EXPECT_TRUE(has(page, "Bytes at every cut"));
}

TEST(PlanReport, one_stage_of_one_layer_has_a_page) {
  PlanReport report = sample();
  plan::Problem& problem = report.problem;
  problem.layers = {"all"};
  problem.cuts = {{"", {false}, 0, 0, {}}, {"all", {true}, 0, 0, {}}};
  problem.measured = {{{0, 1, 0.001, {}, 0}}};
  report.solution.plan.stages = {{0, 1, 0, 1, {}}};
  report.solution.prediction = plan::predict(problem, report.solution.plan);
  report.simulated = plan::simulate(problem, report.solution.plan, {});
  report.pareto = {{0, 0, 0, "", 0}};
  report.strategies = {{"none", {0, 0}}};
  const std::string page = html(report);
  EXPECT_EQ(fault_of(page), "");
  EXPECT_TRUE(has(page, "1,000"));
  EXPECT_FALSE(has(page, "Bytes at every cut"));
  for (const char* text : {"nan", "inf,", "inf\"", " inf "}) EXPECT_FALSE(has(page, text)) << text;
}

TEST(PlanReport, many_stages_go_on_in_a_new_row) {
  PlanReport report = sample();
  plan::Problem& problem = report.problem;
  problem.layers.clear();
  problem.cuts = {{"", {}, 100, 100, {}}};
  problem.measured = {{}};
  problem.types[0].count = 100;
  report.solution.plan.stages.clear();
  constexpr int32_t kStages = 12;
  for (int32_t i = 0; i < kStages; ++i) {
    problem.layers.push_back(fmt::format("a_layer_of_a_rather_long_name_{}", i));
    problem.measured[0].push_back({i, i + 1, 0.001, {100, 0, 0, 0, 0}, 1});
    report.solution.plan.stages.push_back({i, i + 1, 0, 1 + i, {}});
    problem.cuts.push_back({problem.layers.back(), {}, std::pow(10, i % 7), 1, {}});
  }
  for (size_t cut = 0; cut < problem.cuts.size(); ++cut) {
    problem.cuts[cut].done.assign(kStages, false);
    std::fill_n(problem.cuts[cut].done.begin(), cut, true);
  }
  report.solution.prediction = plan::predict(problem, report.solution.plan);
  report.simulated = plan::simulate(problem, report.solution.plan, {});
  const std::string page = html(report);
  EXPECT_EQ(fault_of(page), "");
  EXPECT_TRUE(has(page, "translate(0 456)") && !has(page, "translate(0 608)")) << "four rows";
  EXPECT_TRUE(has(page, "more</em>")) << "loads that are left out";
  EXPECT_TRUE(has(page, "a_layer_of_a_rathe…"));
  EXPECT_TRUE(has(page, "a_layer_of_a_rather_long_name_11"));
}

}  // namespace
}  // namespace bitloom
