// SPDX-License-Identifier: Apache-2.0
//
// Tests of the repository itself: which module may include which, and that the build lists every file.
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

const fs::path kSource = BITLOOM_SOURCE_DIR;

// A module may include the public headers of these, and its own. `base` is bitloom/error.h and bitloom/file.h, `capi` is
// bitloom.h.
const std::map<std::string, std::set<std::string>> kMayInclude{
    {"base", {}},
    {"ir", {"base"}},
    {"data", {"base", "ir"}},
    {"frontend", {"base", "data"}},
    {"lower", {"base", "ir", "frontend"}},
    {"engine", {"base", "ir"}},
    {"hw", {"base", "ir"}},
    {"plan", {"base", "ir", "engine", "hw"}},
    {"capi", {"base", "ir", "lower", "engine"}},
    {"train", {"base", "ir", "data", "frontend", "lower", "engine"}},
    {"cli", {"base", "ir", "data", "frontend", "lower", "engine", "hw", "plan", "train"}},
};

std::string module_of(const std::string& header) {
  if (header == "error" || header == "file" || header == "page" || header == "process") return "base";
  if (header == "frames") return "ir";
  static const std::set<std::string> kHardware{"board", "dataflow", "hardware_report", "ice40", "rtl", "synth"};
  if (kHardware.contains(header)) return "hw";
  if (header == "plan_report" || header == "split") return "plan";
  if (header == "bitloom") return "capi";
  return header;
}

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> sources(const fs::path& folder) {
  std::vector<fs::path> result;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path extension = entry.path().extension();
    if (extension == ".cc" || extension == ".c" || extension == ".h") result.push_back(entry.path());
  }
  return result;
}

void check_includes(const fs::path& file, const std::string& module) {
  static const std::regex include(R"re(#include "([^"]+)")re");
  const std::string text = read(file);
  for (std::sregex_iterator match(text.begin(), text.end(), include), end; match != end; ++match) {
    const std::string name = (*match)[1];
    if (name.starts_with("bitloom/") || name == "bitloom.h") {
      const std::string other = module_of(fs::path(name).stem().string());
      EXPECT_TRUE(other == module || kMayInclude.at(module).contains(other))
          << file << " includes " << name << ": module " << module << " must not know " << other;
    } else {
      EXPECT_EQ(name.find('/'), std::string::npos) << file << " includes " << name << " of another folder";
    }
  }
}

TEST(Repository, includes_go_only_in_the_allowed_directions) {
  for (const auto& [module, allowed] : kMayInclude) {
    ASSERT_TRUE(fs::exists(kSource / "src" / module)) << module;
    for (const fs::path& file : sources(kSource / "src" / module)) check_includes(file, module);
  }
  for (const fs::path& header : sources(kSource / "include" / "bitloom")) {
    check_includes(header, module_of(header.stem().string()));
  }
  EXPECT_EQ(read(kSource / "include" / "bitloom.h").find("#include \""), std::string::npos) << "bitloom.h stands alone";
}

TEST(Repository, every_folder_of_sources_is_a_known_module) {
  for (const auto& entry : fs::directory_iterator(kSource / "src")) {
    EXPECT_TRUE(kMayInclude.contains(entry.path().filename().string())) << entry.path();
  }
}

TEST(Repository, the_build_lists_every_source_file) {
  for (const std::string folder : {"src", "tests", "examples"}) {
    for (const fs::path& file : sources(kSource / folder)) {
      if (file.extension() == ".h" || file.parent_path().filename() == "fuzz") continue;
      const std::string list = read(file.parent_path() / "CMakeLists.txt");
      EXPECT_NE(list.find(file.filename().string()), std::string::npos) << file << " is not in its CMakeLists.txt";
    }
  }
}

TEST(Repository, sources_begin_with_the_licence_line) {
  for (const std::string folder : {"src", "tests", "include", "examples"}) {
    for (const fs::path& file : sources(kSource / folder)) {
      const std::string text = read(file);  // C has the other comment as well
      EXPECT_TRUE(text.starts_with("// SPDX-License-Identifier: Apache-2.0\n") ||
                  text.starts_with("/* SPDX-License-Identifier: Apache-2.0\n"))
          << file;
    }
  }
}

TEST(Repository, documents_link_only_to_files_that_exist) {
  static const std::regex link(R"re(\]\(([^)#:]+)(#[^)]*)?\))re");
  std::vector<fs::path> documents{kSource / "README.md", kSource / "CONTRIBUTING.md"};
  for (const auto& entry : fs::recursive_directory_iterator(kSource / "docs")) {
    if (entry.path().extension() == ".md") documents.push_back(entry.path());
  }
  for (const fs::path& document : documents) {
    const std::string text = read(document);
    for (std::sregex_iterator match(text.begin(), text.end(), link), end; match != end; ++match) {
      const fs::path target = document.parent_path() / (*match)[1].str();
      EXPECT_TRUE(fs::exists(target)) << document << " links to " << (*match)[1];
    }
  }
}

}  // namespace
