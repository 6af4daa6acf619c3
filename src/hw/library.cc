// SPDX-License-Identifier: Apache-2.0
#include "library.h"

#include "bitloom/error.h"
#include "bitloom/file.h"

namespace bitloom::hw {

namespace fs = std::filesystem;

Library read_library(const fs::path& folder) {
  std::error_code error;
  Library library;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".sv") library[entry.path().stem().string()] = read_text(entry.path());
  if (error) throw Error("{}: cannot be read: {}", folder.string(), error.message());
  return library;
}

std::set<std::string> needed_modules(const Library& library, std::set<std::string> modules) {
  std::set<std::string> needed;
  while (!modules.empty()) {
    const std::string module = modules.extract(modules.begin()).value();
    const auto found = library.find(module);
    if (found == library.end()) throw Error("the RTL library lacks {}.sv", module);
    needed.insert(module);
    for (const auto& [other, text] : library)
      if (!needed.contains(other) && found->second.find(other + " #(") != std::string::npos) modules.insert(other);
  }
  return needed;
}

}  // namespace bitloom::hw
