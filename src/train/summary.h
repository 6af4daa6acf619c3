// SPDX-License-Identifier: Apache-2.0
//
// What there is to tell about a trained network at the end.
#pragma once

#include <cstdint>
#include <vector>

#include "bitloom/data.h"
#include "bitloom/train.h"
#include "model.h"
#include "report.h"

namespace bitloom::train {

/// The images of a set from `first` on that a network is judged by.
struct Judges {
  const data::DataSet& set;
  int64_t first, count;
  int32_t label(size_t index) const { return set.labels[static_cast<size_t>(first) + index]; }
};

/// Share of the answers, one an image of `judges`, that are right.
double accuracy(const std::vector<int32_t>& answers, const Judges& judges);

/// Answers of the model in LibTorch: `exact`, by Model::evaluate; else by Model::infer.
std::vector<int32_t> model_answers(const Model& model, Input input, const Judges& judges, bool exact);

/// The report without the facts. `answers` are those of the network that is reported on.
TrainingReport summarize(const Recipe& recipe, const Model& model, const Judges& judges, const std::vector<int32_t>& answers,
                         std::vector<EpochRecord> epochs);

}  // namespace bitloom::train
