// SPDX-License-Identifier: Apache-2.0
//
// Reads JSON objects field by field: each field at most once asked for, none left over, and errors that name the place.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "bitloom/error.h"

namespace bitloom::train {

/// The value as a message shows it, cut where it gets long.
std::string shown(const nlohmann::json& value);

/// One object of a recipe. `place` begins every message: "recipe.json: layer 3".
class JsonObject {
 public:
  JsonObject(const nlohmann::json& value, std::string place);

  bool has(const std::string& field) const { return value_.contains(field); }

  /// Calls `read(value)` if the field is there.
  void take(const std::string& field, const std::function<void(const nlohmann::json&)>& read);
  void integer(const std::string& field, int64_t& target, int64_t lowest, int64_t highest);
  void number(const std::string& field, double& target, double lowest, double highest);
  void text(const std::string& field, std::string& target);
  void flag(const std::string& field, bool& target);

  /// One of the named values.
  template <typename T, size_t N>
  void choice(const std::string& field, T& target, const std::array<std::pair<std::string_view, T>, N>& names) {
    take(field, [&](const nlohmann::json& value) {
      for (const auto& [name, meaning] : names) {
        if (value == name) {
          target = meaning;
          return;
        }
      }
      std::vector<std::string_view> known;
      for (const auto& entry : names) known.push_back(entry.first);
      throw Error("{}: '{}' is {}; it must be one of {}", place_, field, shown(value), fmt::join(known, ", "));
    });
  }

  const std::string& place() const { return place_; }

  /// Throws Error if there is a field that nothing has asked for; lists those that were.
  void finish() const;

 private:
  const nlohmann::json& value_;
  std::string place_;
  std::set<std::string> asked_;
};

/// The name of a value.
template <typename T, size_t N>
std::string name_of(T value, const std::array<std::pair<std::string_view, T>, N>& names) {
  for (const auto& [name, meaning] : names) {
    if (meaning == value) return std::string(name);
  }
  BITLOOM_CHECK(false);
}

}  // namespace bitloom::train
