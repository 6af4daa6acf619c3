// SPDX-License-Identifier: Apache-2.0
#include "report_classes.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "bitloom/error.h"
#include "bitloom/page.h"

namespace bitloom::train {
namespace {

using page::escape;
using page::grouped;
using page::percent;

constexpr size_t kMostNumbered = 24;  // classes whose counts are still readable within their cells
constexpr size_t kMostDrawn = 128;    // beyond, the page would take megabytes

struct Confusion {
  const TrainingReport& report;
  size_t classes;

  int64_t at(size_t label, size_t predicted) const { return report.confusion[label * classes + predicted]; }
  int64_t tested(size_t label) const {
    int64_t all = 0;
    for (size_t i = 0; i < classes; ++i) all += at(label, i);
    return all;
  }
  double share(size_t label, size_t predicted) const {
    const int64_t all = tested(label);
    return all == 0 ? 0 : static_cast<double>(at(label, predicted)) / static_cast<double>(all);
  }
  std::string name(size_t index) const { return class_name(report, static_cast<int64_t>(index)); }
};

/// Mistakes of one kind.
struct Pair {
  size_t label, predicted;
  int64_t count;
};

std::vector<Pair> frequent_first(const Confusion& confusion) {
  std::vector<Pair> pairs;
  for (size_t label = 0; label < confusion.classes; ++label) {
    for (size_t predicted = 0; predicted < confusion.classes; ++predicted) {
      const int64_t count = confusion.at(label, predicted);
      if (label != predicted && count > 0) pairs.push_back({label, predicted, count});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.count > b.count; });
  return pairs;
}

std::string cell(const Confusion& confusion, size_t label, size_t predicted, double most_wrong, bool numbered) {
  const int64_t count = confusion.at(label, predicted);
  if (count == 0) return "<td></td>";
  const bool right = label == predicted;
  const double share = confusion.share(label, predicted);
  // Mistakes are rare, so they have a scale of their own, and its root keeps the rare among them visible.
  const double shade = right ? share : 0.9 * std::sqrt(share / most_wrong);
  const std::string what =
      right ? confusion.name(label) + " recognized" : confusion.name(label) + " taken for " + confusion.name(predicted);
  return fmt::format(R"html(<td class="{}{}" style="--share:{:.3f}" title="{}: {} of {} ({})">{}</td>)html",
                     right ? "right" : "wrong", shade > 0.7 ? " full" : "", shade, what, grouped(count),
                     grouped(confusion.tested(label)), percent(share), numbered ? fmt::format("{}", count) : "");
}

std::string matrix(const Confusion& confusion) {
  const bool numbered = confusion.classes <= kMostNumbered;
  double most_wrong = 0;
  for (const Pair& pair : frequent_first(confusion)) {
    most_wrong = std::max(most_wrong, confusion.share(pair.label, pair.predicted));
  }
  std::string table = fmt::format(R"(<div class="scroll"><table class="matrix{}"><thead><tr>)"
                                  R"(<th class="corner">predicted &#8594;<br/>true &#8595;</th>)",
                                  numbered ? "" : " dense");
  for (size_t i = 0; i < confusion.classes; ++i) {
    fmt::format_to(std::back_inserter(table), R"(<th scope="col"><span>{}</span></th>)", confusion.name(i));
  }
  table += "</tr></thead><tbody>";
  for (size_t label = 0; label < confusion.classes; ++label) {
    fmt::format_to(std::back_inserter(table), R"(<tr><th scope="row">{}</th>)", confusion.name(label));
    for (size_t i = 0; i < confusion.classes; ++i) table += cell(confusion, label, i, most_wrong, numbered);
    table += "</tr>\n";
  }
  return table + "</tbody></table></div>";
}

std::string bar(const std::string& name, double share, std::string_view style, const std::string& value,
                const std::string& title) {
  return fmt::format(R"(<span>{}</span><div title="{}"><i class="{}" style="width:{:.2f}%"></i></div><b>{}</b>)", name,
                     title, style, 100 * share, value);
}

std::string accuracies(const Confusion& confusion) {
  std::string bars = R"(<h3>Accuracy by class</h3><div class="shares">)";
  for (size_t i = 0; i < confusion.classes; ++i) {
    const std::string right_of = fmt::format("{} of {}", grouped(confusion.at(i, i)), grouped(confusion.tested(i)));
    bars += bar(confusion.name(i), confusion.share(i, i), "", percent(confusion.at(i, i), confusion.tested(i)), right_of);
  }
  return bars + "</div>";
}

std::string frequent_mistakes(const Confusion& confusion) {
  constexpr size_t kShown = 6;
  std::vector<Pair> pairs = frequent_first(confusion);
  if (pairs.empty()) return {};
  pairs.resize(std::min(pairs.size(), kShown));
  std::string bars = R"(<h3>Most frequent mistakes</h3><div class="shares">)";
  for (const Pair& pair : pairs) {
    bars += bar(confusion.name(pair.label) + " &#8594; " + confusion.name(pair.predicted),
                static_cast<double>(pair.count) / static_cast<double>(pairs.front().count), "often", grouped(pair.count),
                percent(confusion.share(pair.label, pair.predicted)) + " of the class");
  }
  return bars + "</div>";
}

}  // namespace

std::string class_name(const TrainingReport& report, int64_t index) {
  const bool named = index >= 0 && index < static_cast<int64_t>(report.classes.size());
  return named ? escape(report.classes[static_cast<size_t>(index)]) : fmt::format("class {}", index);
}

std::string classes_section(const TrainingReport& report) {
  const size_t classes = report.classes.size();
  if (report.confusion.empty()) return {};
  BITLOOM_CHECK(report.confusion.size() == classes * classes);
  const Confusion confusion{report, classes};
  const std::string drawn = classes <= kMostDrawn
                                ? matrix(confusion)
                                : fmt::format("<p>A matrix of {} classes is too large to be drawn.</p>", grouped(classes));
  return fmt::format(
      R"(<section><h2>Classes</h2><p>Test images by true and predicted class. Blue is the share of a class that )"
      R"(is recognized; orange are mistakes, shaded relative to the most frequent.</p><div class="classes">)"
      R"(<div class="card"><h3>Confusion matrix</h3>{}</div><div class="card aside">{}{}</div></div></section>)",
      drawn, accuracies(confusion), frequent_mistakes(confusion));
}

}  // namespace bitloom::train
