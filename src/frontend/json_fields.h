// SPDX-License-Identifier: Apache-2.0
//
// The fields of a JSON object in a FINN topology, checked as they are asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "bitloom/error.h"

namespace bitloom::frontend {

using nlohmann::json;

inline constexpr int64_t kMaxSize = 1 << 16;  ///< of a kernel, a stride, a side of the image
inline constexpr std::string_view kReference = "see docs/reference/finn-json.md";

/// A JSON object that knows its place for messages and which of its fields were asked for.
class Fields {
 public:
  Fields(const json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) throw Error("{}: must be an object with named fields; {}", place_, kReference);
  }

  const std::string& place() const { return place_; }

  const json* find(const char* name) {
    asked_.insert(name);
    const auto at = object_.find(name);
    return at == object_.end() ? nullptr : &*at;
  }

  const json& need(const char* name) {
    if (const json* value = find(name)) return *value;
    throw Error("{}: has no field '{}'; {}", place_, name, kReference);
  }

  template <typename... Args>
  [[noreturn]] void fail(const char* name, fmt::format_string<Args...> expected, Args&&... args) const {
    throw Error("{}: field '{}' must be {}", place_, name, fmt::format(expected, std::forward<Args>(args)...));
  }

  std::string text(const char* name, const char* fallback) {
    const json* value = find(name);
    if (!value) return fallback;
    if (!value->is_string()) fail(name, "a text");
    return value->get<std::string>();
  }

  bool flag(const char* name, bool fallback) {
    const json* value = find(name);
    if (!value) return fallback;
    if (!value->is_boolean()) fail(name, "true or false");
    return value->get<bool>();
  }

  double real(const char* name, double fallback) {
    const json* value = find(name);
    if (!value) return fallback;
    if (!value->is_number()) fail(name, "a number");
    return value->get<double>();
  }

  // One number for both directions, or [y, x].
  std::optional<std::pair<int64_t, int64_t>> pair(const char* name, int64_t lowest) {
    const json* value = find(name);
    if (!value) return std::nullopt;
    const auto size = [&](const json& number) {
      if (!number.is_number_integer()) fail(name, "a whole number or two");
      const auto result = number.get<int64_t>();
      if (result < lowest || result > kMaxSize) fail(name, "between {} and {}", lowest, kMaxSize);
      return result;
    };
    if (!value->is_array()) return std::pair(size(*value), size(*value));
    if (value->size() != 2) fail(name, "a whole number or two");
    return std::pair(size((*value)[0]), size((*value)[1]));
  }

  // Misspelt fields would otherwise be passed over in silence.
  void finish() const {
    for (const auto& [name, value] : object_.items()) {
      if (!asked_.contains(name)) throw Error("{}: field '{}' is not known; {}", place_, name, kReference);
    }
  }

 private:
  const json& object_;
  std::string place_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace bitloom::frontend
