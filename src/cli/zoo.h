// SPDX-License-Identifier: Apache-2.0
//
// The zoo: models that have a name. A model NAME is a folder of that name with NAME.bloom, the recipe it was trained by
// (recipe.json) and what is known of it (card.json) in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bitloom::cli {

/// Where the zoo's models lie, the folder that wins first: those of $BITLOOM_MODELS (several are separated by ':'), then
/// models/ of the source tree for a program in its build folder, else share/bitloom/models beside the installed program.
std::vector<std::filesystem::path> zoo_directories();

/// A file or folder of the first zoo directory that has it. Throws Error saying where it was looked for.
std::filesystem::path in_zoo(const std::filesystem::path& relative);

enum class ZooFile { kNetwork, kRecipe };

/// The path that an argument of a command stands for: itself if there is such a file or folder or it has a slash, else the
/// file of the zoo's model of that name. A model's folder stands for its file, too. Throws Error listing the zoo's names,
/// close ones first, if there is none.
std::filesystem::path find_model(const std::string& argument, ZooFile file = ZooFile::kNetwork);

/// What card.json says (docs/reference/card.md).
struct Card {
  std::string name;
  std::string network;  ///< "W1A1 784-256-256-256-10"
  std::string data;     ///< data set of which `images` test images were evaluated, `correct` of them right
  int64_t images = 0;
  int64_t correct = 0;
  double percent() const { return 100.0 * static_cast<double>(correct) / static_cast<double>(images); }
};

/// Throws Error naming the file and the field that is missing or wrong. Other fields are passed over.
Card read_card(const std::filesystem::path& path);

struct ZooModel {
  std::string name;
  std::filesystem::path network;
  std::optional<Card> card;
};

/// Every network of the zoo, in the order of its names.
std::vector<ZooModel> zoo_models();

}  // namespace bitloom::cli
