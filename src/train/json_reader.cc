// SPDX-License-Identifier: Apache-2.0
#include "json_reader.h"

#include <limits>

namespace bitloom::train {

using nlohmann::json;

std::string shown(const json& value) {
  constexpr size_t kLongest = 40;
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + " ...";
  return text;
}

JsonObject::JsonObject(const json& value, std::string place) : value_(value), place_(std::move(place)) {
  if (!value.is_object()) throw Error("{}: is {}; it must be a JSON object", place_, shown(value));
}

void JsonObject::take(const std::string& field, const std::function<void(const json&)>& read) {
  asked_.insert(field);
  const auto found = value_.find(field);
  if (found != value_.end()) read(*found);
}

void JsonObject::integer(const std::string& field, int64_t& target, int64_t lowest, int64_t highest) {
  take(field, [&](const json& value) {
    const bool whole = value.is_number_unsigned() ? value.get<uint64_t>() <= uint64_t{std::numeric_limits<int64_t>::max()}
                                                  : value.is_number_integer();
    if (!whole) throw Error("{}: '{}' is {}; it must be a whole number", place_, field, shown(value));
    target = value.get<int64_t>();
    if (target < lowest || target > highest)
      throw Error("{}: '{}' is {}; it must be from {} to {}", place_, field, target, lowest, highest);
  });
}

void JsonObject::number(const std::string& field, double& target, double lowest, double highest) {
  take(field, [&](const json& value) {
    if (!value.is_number()) throw Error("{}: '{}' is {}; it must be a number", place_, field, shown(value));
    target = value.get<double>();
    if (!(target >= lowest && target <= highest))
      throw Error("{}: '{}' is {}; it must be from {} to {}", place_, field, target, lowest, highest);
  });
}

void JsonObject::text(const std::string& field, std::string& target) {
  take(field, [&](const json& value) {
    if (!value.is_string()) throw Error("{}: '{}' is {}; it must be a text", place_, field, shown(value));
    target = value.get<std::string>();
  });
}

void JsonObject::flag(const std::string& field, bool& target) {
  take(field, [&](const json& value) {
    if (!value.is_boolean()) throw Error("{}: '{}' is {}; it must be true or false", place_, field, shown(value));
    target = value.get<bool>();
  });
}

void JsonObject::finish() const {
  for (const auto& [field, value] : value_.items()) {
    if (!asked_.contains(field))
      throw Error("{}: '{}' is not a field here; the fields are {}", place_, field, fmt::join(asked_, ", "));
  }
}

}  // namespace bitloom::train
