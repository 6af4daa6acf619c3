// SPDX-License-Identifier: Apache-2.0
#include "common.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>

#include <unistd.h>

#include "zoo.h"

namespace bitloom::cli {

namespace {

const std::map<std::string, lower::InputKind>& input_kinds() {
  static const std::map<std::string, lower::InputKind> kinds{{"auto", lower::InputKind::kAutomatic},
                                                             {"pixels", lower::InputKind::kPixels},
                                                             {"uint8", lower::InputKind::kUint8},
                                                             {"real", lower::InputKind::kReal}};
  return kinds;
}

}  // namespace

void ModelArguments::add_to(CLI::App& command) {
  command
      .add_option("MODEL", model,
                  "a .bloom file, a QONNX .onnx file, a FINN topology .json, a BNN-PYNQ parameter folder, or a name that "
                  "`bitloom models` lists")
      ->required();
  command
      .add_option("--input", input,
                  "what a float input stands for: pixels (8-bit, divided by 255), uint8, real; auto chooses by shape")
      ->check(CLI::IsMember(input_kinds()));
}

ir::Network ModelArguments::load(lower::Report* report) const {
  return lower::load_model(find_model(model), {input_kinds().at(input)}, report);
}

void RunArguments::add_to(CLI::App& command) {
  command.add_option("--threads", threads, "worker threads; 0 for one a hardware thread")->check(CLI::Range(0, 1024));
  command.add_flag("--reference", reference, "use the slow reference executor instead of the engine");
}

Runner::Runner(const ir::Network& network, const RunArguments& arguments) : network_(network) {
  if (!arguments.reference) program_.emplace(network, engine::Options{.threads = arguments.threads});
}

std::vector<ir::Tensor> Runner::run(std::span<const ir::Tensor> inputs) const {
  return program_ ? program_->run(inputs) : ir::evaluate(network_, inputs);
}

namespace {

// Display width: bytes that do not continue a UTF-8 character.
size_t width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789.,%-+ ") == std::string::npos;
}

// A column is set to the right if it holds numbers and nothing else; the head does not count.
bool is_numeric(const std::vector<std::vector<std::string>>& rows, size_t column) {
  bool any = false;
  for (size_t r = 1; r < rows.size(); ++r) {
    const std::string& cell = rows[r][column];
    if (!cell.empty() && !is_number(cell)) return false;
    any = any || !cell.empty();
  }
  return any;
}

}  // namespace

std::string Table::text() const {
  std::vector<size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string result;
  for (size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (size_t i = 0; i < rows_[r].size(); ++i) {
      const std::string& cell = rows_[r][i];
      const bool right = is_numeric(rows_, i);
      const std::string space(widths[i] - width(cell), ' ');
      line += (i == 0 ? "" : "  ") + (right ? space + cell : cell + space);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + "\n";
    if (r == 0) {
      size_t total = 2 * (widths.size() - 1);
      for (const size_t w : widths) total += w;
      result += std::string(total, '-') + "\n";
    }
  }
  return result;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string duration(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

ProgressBar::ProgressBar(std::string label, int64_t total)
    : label_(std::move(label)), total_(std::max<int64_t>(total, 1)), begin_(now()) {}

ProgressBar::~ProgressBar() { hide(); }

void ProgressBar::hide() {
  if (visible_) fmt::print(stderr, "\r\033[K");
  visible_ = false;
}

void ProgressBar::set(int64_t done, std::string_view note) {
  const double time = now();
  if (first_ < 0) first_ = done;
  if (time - begin_ < 1 || time - drawn_ < 0.1 || ::isatty(STDERR_FILENO) == 0) return;
  constexpr int64_t kWidth = 30;
  const auto filled = static_cast<size_t>(std::min(kWidth, done * kWidth / total_));
  // What was done before this process began says nothing about its speed.
  const double left =
      done > first_ ? (time - begin_) / static_cast<double>(done - first_) * static_cast<double>(total_ - done) : 0;
  fmt::print(stderr, "\r\033[K{} [{}{}] {} / {}  {}{}{} left", label_, std::string(filled, '#'),
             std::string(kWidth - filled, '.'), done, total_, note, note.empty() ? "" : ", ", duration(left));
  std::fflush(stderr);
  drawn_ = time;
  visible_ = true;
}

std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto i = static_cast<int64_t>(digits.size()) - 3; i > (number < 0 ? 1 : 0); i -= 3)
    digits.insert(static_cast<size_t>(i), ",");
  return digits;
}

std::string shape_text(const ir::Shape& shape) {
  if (shape.height == 1 && shape.width == 1) return std::to_string(shape.channels);
  return fmt::format("{}x{}x{}", shape.height, shape.width, shape.channels);
}

std::string element_text(const ir::TensorType& type) {
  if (const ir::Encoding* encoding = type.encoding()) return ir::print(*encoding);
  return fmt::format("{} .. {}", type.range().lowest, type.range().highest);
}

const ir::Input& image_input(const ir::Network& network) {
  const std::vector<ir::NodeId> inputs = network.inputs();
  if (inputs.size() != 1) {
    throw Error("{}: has {} inputs, so it takes no images; pipe framed tensors into it: bitloom run MODEL -", network.name,
                inputs.size());
  }
  return std::get<ir::Input>(network.nodes[static_cast<size_t>(inputs[0])].layer);
}

std::vector<int32_t> labels_for(const ir::Network& network, const data::DataSet& set) {
  std::vector<int32_t> numbers;
  for (const std::string& name : set.classes) {
    const auto found = std::find(network.classes.begin(), network.classes.end(), name);
    if (found == network.classes.end()) return set.labels;
    numbers.push_back(static_cast<int32_t>(found - network.classes.begin()));
  }
  std::vector<int32_t> labels = set.labels;
  for (int32_t& label : labels) label = numbers.at(static_cast<size_t>(label));
  return labels;
}

data::Images slice(const data::Images& images, int64_t begin, int64_t end) {
  data::Images part{end - begin, images.height, images.width, images.channels, {}};
  const int64_t size = int64_t{images.height} * images.width * images.channels;
  part.pixels.assign(images.pixels.begin() + begin * size, images.pixels.begin() + end * size);
  return part;
}

void print_json(const Json& json) { std::cout << json.dump(2) << "\n"; }

std::filesystem::path program_path() { return std::filesystem::read_symlink("/proc/self/exe"); }

std::filesystem::path shipped_folder(const std::filesystem::path& in_source, std::string_view name) {
  const std::filesystem::path folder = program_path().parent_path();
  std::error_code error;  // of a build folder that is no more
  const bool built_here = std::filesystem::equivalent(folder, BITLOOM_BUILD_DIR, error);
  return built_here ? in_source : folder.parent_path() / "share/bitloom" / name;
}

}  // namespace bitloom::cli
