// SPDX-License-Identifier: Apache-2.0
//
// The page and its order: result, curves, classes, mistakes, distributions, recipe.
#include "report.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bitloom/page.h"
#include "report_charts.h"
#include "report_classes.h"
#include "report_image.h"
#include "report_style.h"

namespace bitloom::train {
namespace {

using page::duration;
using page::escape;
using page::fact;
using page::grouped;
using page::percent;

std::string header(const TrainingReport& report) {
  double seconds = 0;
  for (const EpochRecord& record : report.epochs) seconds += record.seconds;
  std::string facts = fact("Data set", escape(report.data));
  if (!report.epochs.empty()) {
    facts += fact("Epochs", grouped(report.epochs.back().epoch)) + fact("Training took", duration(seconds));
  }
  for (const Fact& other : report.facts) facts += fact(escape(other.label), escape(other.value));
  const std::string result =
      report.tested == 0
          ? "<b>not tested</b><span>no test images</span>"
          : fmt::format("<b>{}</b><span>test accuracy of the integer network</span><span>{} of {} images</span>",
                        percent(report.correct, report.tested), grouped(report.correct), grouped(report.tested));
  return fmt::format(R"(<header><h1>{}</h1><div class="top"><div class="card main">{}</div>)"
                     R"(<div class="card"><dl>{}</dl></div></div></header>)",
                     escape(report.name), result, facts);
}

std::string training_section(const TrainingReport& report) {
  if (report.epochs.empty()) return {};
  const LineChart loss{"Loss", Unit::kNone, true, {{"training", &EpochRecord::loss}}};
  const LineChart accuracy{
      "Accuracy", Unit::kShare, false, {{"training", &EpochRecord::train_accuracy}, {"test", &EpochRecord::test_accuracy}}};
  const LineChart rate{"Learning rate", Unit::kNone, true, {{"last", &EpochRecord::learning_rate}}};
  const LineChart time{"Time an epoch", Unit::kSeconds, true, {{"last", &EpochRecord::seconds}}};
  std::string section =
      R"(<section><h2>Training</h2><p>Over the epochs; the numbers above the curves are those of the last.)"
      R"( Point at a curve for the others.</p><div class="charts">)";
  for (const LineChart& chart : {loss, accuracy}) {
    section += fmt::format(R"(<div class="card">{}</div>)", line_chart(chart, report.epochs)) + '\n';
  }
  for (const LineChart& chart : {rate, time}) {
    section += fmt::format(R"(<div class="card low">{}</div>)", line_chart(chart, report.epochs)) + '\n';
  }
  return section + "</div></section>";
}

/// Images are shown at a whole multiple of their size, so that their pixels stay squares of one size.
int64_t enlargement(const TrainingReport& report) {
  constexpr int64_t kSide = 96;  // of CSS pixels
  return std::max<int64_t>(1, kSide / std::max(report.height, report.width));
}

std::string mistake(const TrainingReport& report, const Mistake& wrong) {
  const int64_t times = enlargement(report);
  const std::string label = class_name(report, wrong.label), predicted = class_name(report, wrong.predicted);
  return fmt::format(R"(<figure><img src="{}" width="{}" height="{}" alt="{} taken for {}"/><figcaption><b>{}</b>)"
                     R"(<span>taken for {}</span></figcaption></figure>)",
                     png_uri(wrong.pixels, report.height, report.width, report.channels), report.width * times,
                     report.height * times, label, predicted, label, predicted);
}

std::string mistakes_section(const TrainingReport& report) {
  if (report.mistakes.empty()) return {};
  std::string images;
  for (size_t i = 0; i < std::min(report.mistakes.size(), kMostMistakes); ++i) {
    images += mistake(report, report.mistakes[i]) + '\n';
  }
  return fmt::format(
      R"(<section><h2>What it gets wrong</h2><p>Test images with their true class and what the network takes )"
      R"(them for.</p><div class="card mistakes">{}</div></section>)",
      images);
}

template <typename Layer>
std::string layers_section(const std::vector<Layer>& layers, std::string (*chart)(const Layer&), std::string_view title,
                           std::string_view meaning) {
  if (layers.empty()) return {};
  std::string charts;
  for (const Layer& layer : layers) charts += chart(layer) + '\n';
  return fmt::format(R"(<section><h2>{}</h2><p>{}</p><div class="card multiples">{}</div></section>)", title, meaning,
                     charts);
}

std::string recipe_block(const TrainingReport& report) {
  using Json = nlohmann::ordered_json;
  if (report.recipe.empty()) return {};
  const Json recipe = Json::parse(report.recipe, nullptr, false);
  return fmt::format(R"(<details class="card"><summary>Recipe</summary><pre>{}</pre></details>)",
                     escape(recipe.is_discarded() ? report.recipe : recipe.dump(2)));
}

}  // namespace

std::string html(const TrainingReport& report) {
  std::string body;
  for (const std::string& part :
       {header(report), training_section(report), classes_section(report), mistakes_section(report),
        layers_section(
            report.weights, weight_chart, "Weights",
            "The latent weights: the real numbers that training moves. The network keeps their quantized values."),
        layers_section(report.activations, level_chart, "Activations",
                       "How often the outputs of a layer have each of their values. A level that hardly occurs is a bit "
                       "that does little."),
        recipe_block(report)}) {
    if (!part.empty()) body += part + '\n';
  }
  return page::document(report.name + ": training report", kStyle, body);
}

}  // namespace bitloom::train
