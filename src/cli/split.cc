// SPDX-License-Identifier: Apache-2.0
//
// bitloom split: the best way to put a network on several devices.
#include <cmath>

#include "bitloom/file.h"
#include "bitloom/plan_report.h"
#include "common.h"

namespace bitloom::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  ModelArguments model;
  std::string cluster, objective = "throughput", output, report;
  std::vector<std::string> cuts;
  plan::Request request;
  plan::SimulationOptions simulation;
  bool explore = false, json = false;
};

plan::Request request_of(const Arguments& arguments, const plan::Split& split) {
  plan::Request request = arguments.request;
  const auto found = std::ranges::find(plan::kObjectiveNames, arguments.objective);
  request.objective = static_cast<plan::Objective>(found - plan::kObjectiveNames.begin());
  for (const std::string& node : arguments.cuts) request.cuts.push_back(split.cut_after(node));
  std::ranges::sort(request.cuts);
  return request;
}

std::string percent(double share) { return share == 0 ? "" : fmt::format("{:.1f} %", 100 * share); }
std::string bytes_text(double bytes) { return grouped(std::llround(bytes)); }
std::string rate_text(double rate) { return rate == 0 ? "-" : fmt::format("{:.1f}", rate); }

void print_stages(const plan::Split& split, const plan::Solution& best, std::span<const plan::StageFiles> files) {
  const plan::Problem& problem = split.problem();
  Table table({"stage", "layers and nodes", "images/s", "scarcest", "in use", "watts", "bytes out", "on the wire"});
  for (size_t s = 0; s < best.plan.stages.size(); ++s) {
    const plan::Stage& stage = best.plan.stages[s];
    const plan::StagePrediction& p = best.prediction.stages[s];
    const plan::Cut& out = problem.cuts[static_cast<size_t>(stage.to)];
    const std::string scarcest = p.share == 0 ? "" : std::string(plan::kResourceNames[static_cast<size_t>(p.scarcest)]);
    table.add({files[s].name, plan::text(problem, stage), rate_text(stage.replicas / files[s].seconds), scarcest,
               percent(p.share), fmt::format("{:.2f}", p.watts), bytes_text(out.exact_bytes), bytes_text(out.bytes)});
  }
  fmt::print("{}\n\n{}\n", problem.name, table.text());
}

std::string solution_text(const plan::Problem& problem, const plan::Solution& solution) {
  std::string stages;
  for (const plan::Stage& stage : solution.plan.stages) stages += (stages.empty() ? "" : "; ") + plan::text(problem, stage);
  return fmt::format("{:.1f} images/s, {:.2f} W: {}", solution.prediction.rate, solution.prediction.watts, stages);
}

void print_plan(const Arguments& arguments, const plan::Split& split, const plan::Request& request,
                const plan::Solution& best, std::span<const plan::StageFiles> files) {
  const plan::Problem& problem = split.problem();
  const plan::Prediction& p = best.prediction;
  const plan::Simulated simulated = plan::simulate(problem, best.plan, arguments.simulation);
  print_stages(split, best, files);
  fmt::print("rate      {:.1f} images/s; simulated, with {} messages of buffer at each node, {:.1f}\n", p.rate,
             arguments.simulation.buffer, simulated.rate);
  fmt::print("latency   {:.3f} ms for an image alone, at most\n", 1e3 * p.latency);
  fmt::print("power     about {:.2f} W on {} nodes\n", p.watts, p.nodes);
  fmt::print("network   {} bytes an image between nodes\n\n", bytes_text(p.bytes));
  const plan::Explanation why = plan::explain(problem, request, best);
  fmt::print("{}\n", why.binding);
  if (why.next) fmt::print("next best: {}\n", solution_text(problem, *why.next));
  for (const plan::Change& change : why.changes) {
    fmt::print("{}: {}\n", change.what, change.solution ? solution_text(problem, *change.solution) : "no plan");
  }
}

Json explore_json(const plan::Split& split, std::span<const plan::Strategy> strategies,
                  std::span<const plan::FirstNode> first) {
  Json cuts = Json::array(), ways = Json::array(), rows = Json::array();
  for (const plan::Cut& cut : split.problem().cuts)
    cuts.push_back({{"after", cut.tensors}, {"bytes", cut.exact_bytes}, {"bytes_on_the_wire", cut.bytes}});
  for (const plan::Strategy& s : strategies) ways.push_back({{"strategy", s.name}, {"rates", s.rates}});
  for (const plan::FirstNode& row : first) {
    rows.push_back({{"after", row.after},
                    {"bytes", row.bytes},
                    {"lut", row.shares[0]},
                    {"ff", row.shares[1]},
                    {"bram36", row.shares[2]},
                    {"dsp", row.shares[3]}});
  }
  return {{"cuts", cuts}, {"first_node", rows}, {"nodes", ways}};
}

void print_explored(const plan::Split& split, std::span<const plan::Strategy> strategies,
                    std::span<const plan::FirstNode> first, double rate) {
  Table cuts({"cut after", "bytes an image", "on the wire"});
  for (const plan::Cut& cut : split.problem().cuts)
    cuts.add({cut.after, bytes_text(cut.exact_bytes), bytes_text(cut.bytes)});
  fmt::print("{}\n\n{}\n", split.problem().name, cuts.text());
  if (!first.empty()) {
    Table table({"first node ends after", "bytes", "LUT", "FF", "BRAM36", "DSP"});
    for (const plan::FirstNode& row : first) {
      table.add({row.after, bytes_text(row.bytes), percent(row.shares[0]), percent(row.shares[1]), percent(row.shares[2]),
                 percent(row.shares[3])});
    }
    fmt::print("what the first node needs for {:.1f} images/s, as the cut moves\n\n{}\n", rate, table.text());
  }
  std::vector<std::string> head{"images/s on nodes"};
  for (size_t n = 1; n <= strategies[0].rates.size(); ++n) head.push_back(std::to_string(n));
  Table table(head);
  for (const plan::Strategy& strategy : strategies) {
    std::vector<std::string> row{strategy.name};
    for (const double r : strategy.rates) row.push_back(rate_text(r));
    table.add(row);
  }
  fmt::print("{}", table.text());
}

void explore(const Arguments& arguments, const plan::Split& split, const plan::Request& request) {
  const std::vector<plan::Strategy> strategies = plan::strategies(split.problem());
  const double rate = request.rate > 0 ? request.rate : strategies.front().rates.front();
  const std::vector<plan::FirstNode> first = plan::first_node(split, rate);
  if (arguments.json) return print_json(explore_json(split, strategies, first));
  print_explored(split, strategies, first, rate);
}

/// Into a folder: the plan last, so that one that is there is whole.
void write(const fs::path& folder, const std::string& plan, std::span<const plan::StageFiles> files) {
  fs::create_directories(folder);
  for (const plan::StageFiles& stage : files) {
    ir::save(stage.network, folder / (stage.name + ".bloom"));
    if (stage.folding) write_file(folder / (stage.name + ".folding.json"), hw::print(*stage.folding));
  }
  write_file(folder / "plan.json", plan);
}

void split(const Arguments& arguments) {
  const plan::Split split(arguments.model.load(), plan::read_cluster(read_text(arguments.cluster), arguments.cluster));
  const plan::Request request = request_of(arguments, split);
  if (arguments.explore) return explore(arguments, split, request);
  const plan::Solution best = split.solve(request);
  const std::vector<plan::StageFiles> files = split.stages(best.plan);
  const std::string text = plan::print(split, request, best, files);
  if (!arguments.output.empty()) write(arguments.output, text, files);
  if (!arguments.report.empty())
    write_file(arguments.report, plan::html(plan::plan_report(split, request, best, arguments.simulation)));
  if (arguments.json) {
    print_json(Json::parse(text));
  } else {
    print_plan(arguments, split, request, best, files);
  }
}

}  // namespace

void add_split(CLI::App& program) {
  auto* command = program.add_subcommand("split", "the best way to put a network on several devices");
  command->footer(
      "Example: bitloom split cnv-w2a2 --cluster examples/clusters/pynq-3.json --report split.html -o split\n"
      "A cluster is a JSON file: docs/reference/cluster.md.");
  auto arguments = std::make_shared<Arguments>();
  Arguments& a = *arguments;
  a.model.add_to(*command);
  command->add_option("--cluster", a.cluster, "the nodes and the links between them, a JSON file")->required();
  const std::vector<std::string> names(plan::kObjectiveNames.begin(), plan::kObjectiveNames.end());
  command->add_option("--objective", a.objective, "what is best")->check(CLI::IsMember(names))->capture_default_str();
  command->add_option("--fps", a.request.rate, "images a second that must be reached")->check(CLI::Range(1e-6, 1e12));
  command->add_option("--cut", a.cuts, "cut after these nodes, and nowhere else");
  command->add_option("--max-nodes", a.request.most_nodes, "use at most so many nodes")->check(CLI::Range(1, 100'000));
  command->add_option("--max-stages", a.request.most_stages, "at most so many stages")->check(CLI::Range(1, 100'000));
  command->add_option("--min-stages", a.request.fewest_stages, "at least so many stages")->check(CLI::Range(1, 100'000));
  command->add_option("--max-replicas", a.request.most_replicas, "nodes that share a stage")->check(CLI::Range(1, 100'000));
  command->add_option("--buffer", a.simulation.buffer, "messages that a node holds before and after its work, simulated")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--jitter", a.simulation.jitter, "deviation of a stage's time, as a share of it, simulated")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command->add_flag("--explore", a.explore, "all cuts, and what more nodes give, in place of a plan");
  command->add_option("-o,--output", a.output, "write plan.json, stage networks and foldings into this folder");
  command->add_option("--report", a.report, "write a page with figures to this file");
  command->add_flag("--json", a.json, "print one JSON document");
  command->callback([arguments] { split(*arguments); });
}

}  // namespace bitloom::cli
