// SPDX-License-Identifier: Apache-2.0
//
// A peer is a script for Node.js that takes an ONNX file and prints one JSON object.
#include "bench_peers.h"

#include <cstdlib>

#include "bitloom/file.h"
#include "common.h"
#include "float_twin.h"
#include "process.h"

namespace bitloom::cli {
namespace {

struct Peer {
  const char* name;
  const char* script;
  const char* remedy;  ///< where Node.js cannot be started; what else is missing the script says itself
};

constexpr Peer kPeers[] = {
    {"onnxruntime", "onnxruntime.mjs",
     "install Node.js, and ONNX Runtime for it: npm install --ignore-scripts onnxruntime-node"},
};

const Peer& find_peer(const std::string& name) {
  const Peer* found = std::ranges::find(kPeers, name, &Peer::name);
  BITLOOM_CHECK(found != std::end(kPeers));
  return *found;
}

/// Folder of the scripts: $BITLOOM_PEERS, beside the installed program, or in the source tree.
std::filesystem::path peers_directory() {
  if (const char* path = std::getenv("BITLOOM_PEERS")) return path;
  const std::filesystem::path installed = program_path().parent_path().parent_path() / "share" / "bitloom" / "peers";
  if (std::filesystem::exists(installed)) return installed;
  return BITLOOM_PEERS_DIR;
}

std::string output_of(const Peer& peer, const std::vector<std::string>& command) {
  const Finished finished = [&] {
    try {
      return run_process(command);
    } catch (const Error& error) {
      throw Error("comparison with {}: {}; {}", peer.name, error.what(), peer.remedy);
    }
  }();
  if (!finished.success) {
    const std::string line = finished.err.substr(0, finished.err.find('\n'));
    throw Error("comparison with {}: {}", peer.name, line.empty() ? fmt::format("{} failed", peer.script) : line);
  }
  return finished.out;
}

}  // namespace

std::vector<std::string> peer_names() {
  std::vector<std::string> names;
  for (const Peer& peer : kPeers) names.push_back(peer.name);
  return names;
}

PeerResult measure_peer(const std::string& name, const ir::Network& network, int64_t batch, double seconds) {
  const Peer& peer = find_peer(name);
  const std::filesystem::path script = peers_directory() / peer.script;
  if (!std::filesystem::exists(script)) {
    throw Error("comparison with {}: {} is not there; install bitloom again, or say in BITLOOM_PEERS where it is", name,
                script.string());
  }
  const TemporaryFolder folder;
  const std::filesystem::path model = folder.path() / "float.onnx";
  write_file(model, float_twin_bytes(network));
  const std::string text = output_of(
      peer, {"node", script, model, "--batch", std::to_string(batch), "--seconds", fmt::format("{}", seconds), "--json"});
  try {
    const Json json = Json::parse(text);
    return {name, json.at("version"), json.at("threads"), json.at("batch"), json.at("images_per_second")};
  } catch (const Json::exception& error) {
    throw Error("comparison with {}: {} printed something else than its numbers: {}", name, peer.script, error.what());
  }
}

}  // namespace bitloom::cli
