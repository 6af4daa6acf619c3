// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bitloom/train.h"
#include "json_reader.h"
#include "quantizer.h"

namespace bitloom::train {

/// Calls `use` with the quantizer that the field names, if the field is there.
void read_quantizer(JsonObject& object, const std::string& field, Operand operand,
                    const std::function<void(const Quantizer&)>& use);

std::vector<Layer> read_layers(const nlohmann::json& value, const std::string& place);

/// As JSON with every field.
nlohmann::ordered_json print(const std::vector<Layer>& layers);

}  // namespace bitloom::train
