// SPDX-License-Identifier: Apache-2.0
#include "onnxruntime.h"

#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "bitloom/error.h"

namespace bitloom::bench {
namespace {

/// For a shell. The paths are this build's own and a temporary folder's.
std::string quoted(const std::string& text) { return "'" + text + "'"; }

}  // namespace

OnnxRuntimeTurn run_in_onnxruntime(const std::filesystem::path& model, int64_t batch, double seconds) {
  const std::string command = fmt::format("node {} {} --batch {} --seconds {} --json 2>&1",
                                          quoted(BITLOOM_PEERS_DIR "/onnxruntime.mjs"), quoted(model), batch, seconds);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (!pipe) throw Error("cannot start node");
  std::string text;
  for (int character = std::fgetc(pipe.get()); character != EOF; character = std::fgetc(pipe.get())) {
    text += static_cast<char>(character);
  }
  const auto result = nlohmann::json::parse(text, nullptr, false);
  if (!result.is_object()) throw Error("ONNX Runtime: {}", text.substr(0, text.find('\n')));
  return {result.at("version"), 1 / result.at("images_per_second").get<double>()};
}

}  // namespace bitloom::bench
