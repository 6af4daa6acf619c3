// SPDX-License-Identifier: Apache-2.0
#include "summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include <ATen/ATen.h>

#include "batches.h"
#include "recipe.h"

namespace bitloom::train {
namespace {

constexpr int64_t kAtOnce = 200;
constexpr size_t kBins = 40;

at::Tensor load(const Judges& judges, Input input, int64_t begin, int64_t count) {
  std::vector<int32_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), static_cast<int32_t>(judges.first + begin));
  return load_images(judges.set.images, indices, {}, input);
}

std::vector<Histogram> weight_histograms(const Model& model) {
  std::vector<Histogram> result;
  for (const Parameter& parameter : model.parameters()) {
    const size_t end = parameter.name.rfind(".latent");
    if (end == std::string::npos) continue;
    const at::Tensor values = parameter.value.detach().to(at::kCPU).contiguous();
    const double bound = std::isfinite(parameter.highest) ? static_cast<double>(parameter.highest)
                                                          : std::max(values.abs().max().item<double>(), 1e-6);
    Histogram histogram{parameter.name.substr(0, end), -bound, bound, std::vector<int64_t>(kBins)};
    const float* data = values.data_ptr<float>();
    for (int64_t i = 0; i < values.numel(); ++i) {
      const double place = (static_cast<double>(data[i]) + bound) / (2 * bound) * static_cast<double>(kBins);
      ++histogram.counts[std::min(static_cast<size_t>(std::max(place, 0.0)), kBins - 1)];
    }
    result.push_back(std::move(histogram));
  }
  return result;
}

LevelCounts count_levels(const std::string& layer, const at::Tensor& values) {
  std::map<double, int64_t> counts;
  const at::Tensor dense = values.to(at::kCPU).contiguous();
  const double* data = dense.data_ptr<double>();
  for (int64_t i = 0; i < dense.numel(); ++i) ++counts[data[i]];
  LevelCounts result{layer, {}, {}};
  for (const auto& [level, count] : counts) {
    result.levels.push_back(level);
    result.counts.push_back(count);
  }
  return result;
}

/// Of the first images.
std::vector<LevelCounts> activation_levels(const Model& model, Input input, const Judges& judges) {
  std::vector<LevelCounts> result;
  if (model.architecture().is_float) return result;
  std::vector<at::Tensor> seen;
  model.evaluate(load(judges, input, 0, std::min<int64_t>(judges.count, 50)).to(model.device()), &seen);
  for (size_t i = 0; i < seen.size(); ++i) {
    const Node& node = model.architecture().nodes[i];
    if (std::holds_alternative<QuantizeOp>(node.op)) result.push_back(count_levels(node.name, seen[i]));
  }
  return result;
}

void add_answers(TrainingReport& report, const Judges& judges, const std::vector<int32_t>& answers) {
  const auto classes = static_cast<int64_t>(report.classes.size());
  report.confusion.assign(static_cast<size_t>(classes * classes), 0);
  report.tested = judges.count;
  for (size_t i = 0; i < answers.size(); ++i) {
    const int32_t label = judges.label(i), answer = answers[i];
    ++report.confusion[static_cast<size_t>(label * classes + answer)];
    report.correct += label == answer;
    if (label == answer || report.mistakes.size() >= kMostMistakes) continue;
    const auto pixels = judges.set.images.image(judges.first + static_cast<int64_t>(i));
    report.mistakes.push_back({label, answer, {pixels.begin(), pixels.end()}});
  }
}

}  // namespace

double accuracy(const std::vector<int32_t>& answers, const Judges& judges) {
  int64_t right = 0;
  for (size_t i = 0; i < answers.size(); ++i) right += answers[i] == judges.label(i);
  return static_cast<double>(right) / static_cast<double>(judges.count);
}

std::vector<int32_t> model_answers(const Model& model, Input input, const Judges& judges, bool exact) {
  std::vector<int32_t> result;
  for (int64_t done = 0; done < judges.count; done += kAtOnce) {
    const at::Tensor images = load(judges, input, done, std::min(kAtOnce, judges.count - done)).to(model.device());
    const at::Tensor logits = (exact ? model.evaluate(images) : model.infer(images)).to(at::kCPU, at::kDouble).contiguous();
    for (int64_t i = 0; i < logits.size(0); ++i) {
      // The first of equals, as hardware has it.
      const double* row = logits.data_ptr<double>() + i * logits.size(1);
      result.push_back(static_cast<int32_t>(std::max_element(row, row + logits.size(1)) - row));
    }
  }
  return result;
}

TrainingReport summarize(const Recipe& recipe, const Model& model, const Judges& judges,
                         const std::vector<int32_t>& answers, std::vector<EpochRecord> epochs) {
  TrainingReport report;
  report.name = recipe.name;
  report.data = judges.set.name;
  report.recipe = print(recipe);
  report.epochs = std::move(epochs);
  report.classes = judges.set.classes;
  const int64_t classes = model.architecture().nodes.back().channels;
  for (auto i = static_cast<int64_t>(report.classes.size()); i < classes; ++i) report.classes.push_back(std::to_string(i));
  report.weights = weight_histograms(model);
  report.activations = activation_levels(model, recipe.input, judges);
  report.height = judges.set.images.height;
  report.width = judges.set.images.width;
  report.channels = judges.set.images.channels;
  add_answers(report, judges, answers);
  return report;
}

}  // namespace bitloom::train
