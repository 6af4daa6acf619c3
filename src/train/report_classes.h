// SPDX-License-Identifier: Apache-2.0
//
// What the report says about classes.
#pragma once

#include <string>

#include "report.h"

namespace bitloom::train {

/// The class's name, escaped; its number if it has none.
std::string class_name(const TrainingReport& report, int64_t index);

/// The confusion matrix as a heat map, the accuracy of each class, and the most frequent mistakes.
std::string classes_section(const TrainingReport& report);

}  // namespace bitloom::train
