// SPDX-License-Identifier: Apache-2.0
#include "metrics.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "bitloom/error.h"
#include "bitloom/file.h"

namespace bitloom::train {
namespace {

using nlohmann::json;

constexpr int64_t kMaxMetricsBytes = int64_t{1} << 28;  // a million epochs take half of it
constexpr double kAny = std::numeric_limits<double>::infinity();

struct Field {
  const char* name;
  double EpochRecord::*member;
  double lowest, highest;
};
constexpr std::array<Field, 5> kFields = {{
    {"loss", &EpochRecord::loss, -kAny, kAny},
    {"train_accuracy", &EpochRecord::train_accuracy, 0, 1},
    {"test_accuracy", &EpochRecord::test_accuracy, 0, 1},
    {"learning_rate", &EpochRecord::learning_rate, 0, kAny},
    {"seconds", &EpochRecord::seconds, 0, kAny},
}};

/// The field's value, whatever it is. `where` is the file and the line.
const json& field_of(const json& object, const char* name, const std::string& where) {
  const auto found = object.find(name);
  if (found == object.end()) throw Error("{}: '{}' is missing", where, name);
  return *found;
}

double read_number(const json& object, const Field& field, const std::string& where) {
  const json& value = field_of(object, field.name, where);
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!value.is_number()) throw Error("{}: '{}' is not a number", where, field.name);
  const auto number = value.get<double>();
  if (!(number >= field.lowest && number <= field.highest)) {
    throw Error("{}: '{}' is {}; it must be from {} to {}", where, field.name, number, field.lowest, field.highest);
  }
  return number;
}

int64_t read_epoch(const json& object, int64_t previous, const std::string& where) {
  const json& value = field_of(object, "epoch", where);
  if (!value.is_number_unsigned() || value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()}) {
    throw Error("{}: 'epoch' is not a whole number from 1", where);
  }
  const auto epoch = value.get<int64_t>();
  if (epoch <= previous) throw Error("{}: epoch {} comes after epoch {}", where, epoch, previous);
  return epoch;
}

json parse_line(std::string_view line, const std::string& where) {
  const auto refuse_depth = [&where](int depth, json::parse_event_t event, const json&) {
    const bool opens = event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    if (opens && depth > 0) throw Error("{}: has objects or lists within; only numbers are expected", where);
    return true;
  };
  try {
    return json::parse(line, refuse_depth);
  } catch (const json::exception& error) {
    throw Error("{}: is not JSON: {}", where, error.what());
  }
}

EpochRecord parse_record(std::string_view line, int64_t previous, const std::string& where) {
  const json object = parse_line(line, where);
  if (!object.is_object()) throw Error("{}: is not a JSON object", where);
  EpochRecord record;
  record.epoch = read_epoch(object, previous, where);
  for (const Field& field : kFields) record.*field.member = read_number(object, field, where);
  for (const auto& [name, value] : object.items()) {
    const bool known = name == "epoch" || std::any_of(kFields.begin(), kFields.end(),
                                                      [&key = name](const Field& field) { return key == field.name; });
    if (!known) throw Error("{}: '{}' is not a field of a record", where, name);
  }
  return record;
}

}  // namespace

std::vector<EpochRecord> read_metrics(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_file(path, kMaxMetricsBytes);
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<EpochRecord> records;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const std::string where = fmt::format("{}: line {}", path.string(), records.size() + 1);
    if (line.size() == rest.size()) throw Error("{}: is cut off; a line feed must end it", where);
    records.push_back(parse_record(line, records.empty() ? 0 : records.back().epoch, where));
    rest.remove_prefix(line.size() + 1);
  }
  return records;
}

void write_metrics(const std::filesystem::path& path, std::span<const EpochRecord> records) {
  std::string text;
  for (const EpochRecord& record : records) {
    nlohmann::ordered_json object;
    object["epoch"] = record.epoch;
    for (const Field& field : kFields) object[field.name] = record.*field.member;
    text += object.dump() + '\n';
  }
  write_file(path, text);
}

}  // namespace bitloom::train
