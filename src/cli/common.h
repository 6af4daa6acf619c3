// SPDX-License-Identifier: Apache-2.0
//
// What the commands share: model and data arguments, tables, progress bars, and running a program batch by batch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "bitloom/data.h"
#include "bitloom/engine.h"
#include "bitloom/frames.h"
#include "bitloom/lower.h"

namespace bitloom::cli {

using Json = nlohmann::ordered_json;

/// A command registers itself; its callback does the work and throws Error when that fails.
void add_info(CLI::App& program);
void add_convert(CLI::App& program);
void add_run(CLI::App& program);
void add_bench(CLI::App& program);
void add_eval(CLI::App& program);
void add_cut(CLI::App& program);
void add_fetch(CLI::App& program);
void add_train(CLI::App& program);
void add_demo(CLI::App& program);
void add_fold(CLI::App& program);
void add_models(CLI::App& program);
void add_emit(CLI::App& program);
void add_simulate(CLI::App& program);
void add_report(CLI::App& program);
void add_synth(CLI::App& program);
void add_split(CLI::App& program);

/// MODEL and --input of the commands that read a model.
struct ModelArguments {
  std::string model;  ///< a path or the name of a model of the zoo
  std::string input = "auto";
  void add_to(CLI::App& command);
  ir::Network load(lower::Report* report = nullptr) const;
};

/// --threads and --reference of the commands that run a network.
struct RunArguments {
  int threads = 0;
  bool reference = false;
  void add_to(CLI::App& command);
};

/// Runs a network by the engine, or by the reference executor when asked to.
class Runner {
 public:
  Runner(const ir::Network& network, const RunArguments& arguments);
  std::vector<ir::Tensor> run(std::span<const ir::Tensor> inputs) const;
  const ir::Network& network() const { return network_; }

 private:
  const ir::Network& network_;
  std::optional<engine::Program> program_;
};

/// Columns of text; numbers to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// A bar on standard error, drawn only on a terminal and only for work of more than a second.
class ProgressBar {
 public:
  ProgressBar(std::string label, int64_t total);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void set(int64_t done, std::string_view note = {});
  void hide();  ///< until it is set again, so that a line may be printed

 private:
  std::string label_;
  int64_t total_;
  double begin_;
  double drawn_ = 0;
  int64_t first_ = -1;
  bool visible_ = false;
};

/// Seconds of a steady clock.
double now();

/// "12 s", "3 min 05 s", "2 h 07 min".
std::string duration(double seconds);

/// "1,234,567".
std::string grouped(int64_t number);

std::string shape_text(const ir::Shape& shape);
/// "bipolar", "unsigned2", or "-12 .. 30" for plain integers.
std::string element_text(const ir::TensorType& type);

/// The one Input of a network that takes images. Throws Error if it has several.
const ir::Input& image_input(const ir::Network& network);

/// Labels of a set as the network numbers its classes: by their names if each class of the set is one that the network
/// names, else as they are.
std::vector<int32_t> labels_for(const ir::Network& network, const data::DataSet& set);

/// Images [begin, end) of a set.
data::Images slice(const data::Images& images, int64_t begin, int64_t end);

/// Prints one JSON document to standard output.
void print_json(const Json& json);

/// This very program.
std::filesystem::path program_path();

/// A folder that came with the program: `in_source` of the source tree for a program that is run from its build folder, else
/// share/bitloom/NAME beside the installed one.
std::filesystem::path shipped_folder(const std::filesystem::path& in_source, std::string_view name);

}  // namespace bitloom::cli
