// SPDX-License-Identifier: Apache-2.0
//
// The example in C, the one in Python that docs/user/c.md shows, and an installed library, against the C++ interface.
#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "bitloom/data.h"
#include "bitloom/engine.h"
#include "support/temporary_folder.h"

namespace bitloom {
namespace {

const std::filesystem::path kSource = BITLOOM_SOURCE_DIR;
const std::filesystem::path kModel = kSource / "models" / "lfc-w1a1" / "lfc-w1a1.bloom";
// Neither a compiler without the sanitizers' options nor Python can load a sanitized library.
constexpr bool kSanitized = !std::string_view(BITLOOM_SANITIZED).empty();

struct Result {
  int status = -1;
  std::string text;  ///< standard output and standard error
};

Result shell(const std::string& command) {
  FILE* pipe = ::popen(("exec 2>&1; " + command).c_str(), "r");
  if (pipe == nullptr) throw Error("cannot run {}", command);
  Result result;
  std::array<char, 4096> part;
  for (size_t size; (size = std::fread(part.data(), 1, part.size(), pipe)) > 0;) result.text.append(part.data(), size);
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
  return result;
}

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

std::string read(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// Writes grey pixels, here or smaller than the network's pictures.
std::filesystem::path write_pgm(const std::filesystem::path& path, int width, int height, std::span<const uint8_t> pixels) {
  std::ofstream file(path, std::ios::binary);
  file << "P5\n" << width << " " << height << "\n255\n";
  file.write(reinterpret_cast<const char*>(pixels.data()), static_cast<std::streamsize>(pixels.size()));
  return path;
}

/// What the example prints for a picture, by the C++ interface.
std::string expected_text(const ir::Network& network, std::span<const uint8_t> pixels) {
  const ir::Tensor image{{28, 28, 1}, 1, {pixels.begin(), pixels.end()}};
  const std::vector<ir::Tensor> outputs = engine::Program(network).run(std::span(&image, 1));
  const auto& output = std::get<ir::Output>(network.nodes.at(static_cast<size_t>(network.outputs.at(0))).layer);
  std::string text = fmt::format("class {}\n", ir::predicted_classes(network, outputs).at(0));
  const std::vector<double> scores = ir::reals(output, outputs.at(0).values);
  for (size_t i = 0; i < scores.size(); ++i)
    text += fmt::format("{} {} {:g}\n", i, i < network.classes.size() ? network.classes[i] : "", scores[i]);
  return text;
}

class Examples : public testing::Test {
 protected:
  std::filesystem::path picture(int64_t index) const {
    return write_pgm(folder_.path() / "digit.pgm", 28, 28, digits_.images.image(index));
  }
  std::string expected(int64_t index) const { return expected_text(network_, digits_.images.image(index)); }

  bitloom::test::TemporaryFolder folder_;
  const data::DataSet digits_ = data::read_images(kSource / "models" / "digits");
  const ir::Network network_ = ir::load(kModel);
};

TEST_F(Examples, classify_prints_what_the_engine_computes) {
  for (const int64_t index : {0, 41, 99}) {
    const Result result = shell(BITLOOM_CLASSIFY " " + quoted(kModel) + " " + quoted(picture(index)));
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.text, expected(index));
  }
}

TEST_F(Examples, classify_refuses_other_files_bad) {
  const auto run = [](const std::filesystem::path& model, const std::filesystem::path& picture) {
    const Result result = shell(BITLOOM_CLASSIFY " " + quoted(model) + " " + quoted(picture));
    EXPECT_EQ(result.status, 1);
    return result.text;
  };
  EXPECT_EQ(run("/not/there", "/x"), "classify: bitloom: /not/there: cannot open: No such file or directory\n");
  EXPECT_EQ(run(kModel, "/not/there"), "classify: /not/there: cannot open\n");
  const std::string model = kModel;
  EXPECT_EQ(run(kModel, kModel), "classify: " + model + ": not a binary PGM or PPM file of 8 bits\n");
  const std::vector<uint8_t> pixels(100);
  const std::filesystem::path small = write_pgm(folder_.path() / "small.pgm", 20, 5, pixels);
  EXPECT_EQ(run(kModel, small), "classify: " + small.string() + ": 5 x 20 x 1, the network takes 28 x 28 x 1\n");
  const std::filesystem::path cut = write_pgm(folder_.path() / "cut.pgm", 28, 28, pixels);
  EXPECT_EQ(run(kModel, cut), "classify: " + cut.string() + ": ends too early\n");
}

TEST_F(Examples, python_of_the_documentation_prints_the_class) {
  if (kSanitized) GTEST_SKIP() << "Python cannot load a sanitized library";
  if (shell("python3 -c 'import ctypes'").status != 0) GTEST_SKIP() << "there is no python3";
  const std::string page = read(kSource / "docs" / "user" / "c.md");
  const size_t begin = page.find("```python\n") + 10, end = page.find("```", begin);
  ASSERT_LT(begin, end);
  std::ofstream(folder_.path() / "classify.py") << page.substr(begin, end - begin);
  for (const int64_t index : {0, 41}) {
    const Result result =
        shell("LD_LIBRARY_PATH=" + quoted(BITLOOM_LIBRARY_DIR) + " python3 " + quoted(folder_.path() / "classify.py") +
              " " + quoted(kModel) + " " + quoted(picture(index)));
    EXPECT_EQ(result.text, expected(index).substr(0, 8));
  }
}

/// A folder into which the library was installed.
class SlowInstalled : public Examples {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "a plain compiler cannot link a sanitized library";
    const Result installed =
        shell(BITLOOM_CMAKE " --install '" BITLOOM_BUILD_DIR "' --component library --prefix " + quoted(prefix_));
    ASSERT_EQ(installed.status, 0) << installed.text;
  }

  const std::filesystem::path prefix_ = folder_.path() / "installed";
};

TEST_F(SlowInstalled, library_is_found_by_pkg_config) {
  const std::filesystem::path library = prefix_ / BITLOOM_LIBDIR;
  const std::string program = quoted(folder_.path() / "classify");
  const Result built = shell("export PKG_CONFIG_PATH=" + quoted(library / "pkgconfig") +
                             "; " BITLOOM_C_COMPILER " -std=c11 -Wall -Wextra -Wpedantic -Werror -o " + program + " " +
                             quoted(kSource / "examples" / "classify.c") + " $(pkg-config --cflags --libs bitloom)");
  ASSERT_EQ(built.status, 0) << built.text;
  EXPECT_EQ(built.text, "");
  const Result result =
      shell("LD_LIBRARY_PATH=" + quoted(library) + " " + program + " " + quoted(kModel) + " " + quoted(picture(0)));
  EXPECT_EQ(result.text, expected(0));
  EXPECT_EQ(shell("PKG_CONFIG_PATH=" + quoted(library / "pkgconfig") + " pkg-config --modversion bitloom").text,
            BITLOOM_PROJECT_VERSION "\n");
}

TEST_F(SlowInstalled, library_is_found_by_cmake) {
  const std::filesystem::path build = folder_.path() / "build";
  std::ofstream(folder_.path() / "CMakeLists.txt")
      << "cmake_minimum_required(VERSION 3.22)\nproject(classify LANGUAGES C CXX)\n"
      << "find_package(bitloom " BITLOOM_PROJECT_VERSION " REQUIRED)\nadd_executable(classify " << kSource.string()
      << "/examples/classify.c)\ntarget_link_libraries(classify PRIVATE bitloom::bitloom)\n";
  const Result built = shell(BITLOOM_CMAKE " -S " + quoted(folder_.path()) + " -B " + quoted(build) +
                             " -DCMAKE_PREFIX_PATH=" + quoted(prefix_) +
                             " -DCMAKE_C_COMPILER='" BITLOOM_C_COMPILER "' && " BITLOOM_CMAKE " --build " + quoted(build));
  ASSERT_EQ(built.status, 0) << built.text;
  EXPECT_EQ(shell(quoted(build / "classify") + " " + quoted(kModel) + " " + quoted(picture(0))).text, expected(0));
}

}  // namespace
}  // namespace bitloom
