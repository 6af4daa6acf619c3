// SPDX-License-Identifier: Apache-2.0
#include "design_case.h"

#include "bitloom/file.h"
#include "bitloom/rtl.h"

namespace bitloom::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  const std::vector<std::byte> bytes = read_file(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) text.replace(at, what.size(), by);
}

Words words_of(const fs::path& folder, const std::string& name, size_t index, size_t count, const hw::Stream& stream) {
  Words words{static_cast<int>(stream.width()), {}, static_cast<int>(stream.words)};
  const std::string text = text_of(folder / (name + (count == 1 ? "" : std::to_string(index)) + ".hex"));
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    words.hex.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

}  // namespace

hw::Folding with_ample_fifos(const ir::Network& network, const hw::Folding& folding) {
  const hw::Design plain = hw::design(network, folding);
  hw::Folding ample = plain.folding;
  for (const hw::Unit& unit : plain.units) {
    if (std::holds_alternative<hw::Width>(unit.kind) || std::holds_alternative<hw::Fifo>(unit.kind)) continue;
    for (size_t port = 0; port < unit.in.size(); ++port) {
      const hw::Stream& stream = plain.streams[static_cast<size_t>(unit.in[port])];
      ample.fifos[port == 0 ? unit.name : fmt::format("{}:{}", unit.name, port)] =
          static_cast<int32_t>(2 * stream.words + 2);
    }
  }
  return ample;
}

Case emitted(const hw::Design& design, const ir::Network& network, std::span<const ir::Tensor> inputs,
             const fs::path& folder, const std::string& name) {
  const fs::path own = folder / (name + ".files");
  hw::emit_rtl(design, network, inputs, fs::path(BITLOOM_SOURCE_DIR) / "rtl", own);
  std::string top = text_of(own / "bitloom_top.sv");
  replace_all(top, "module bitloom_top (", "module " + name + " (");
  replace_all(top, "\"mem/", "\"" + (own / "mem").string() + "/");
  write_file(folder / (name + ".sv"), top);
  Case one{name, {}, {}, {}, {}, 1, 0, {}, {}};
  for (size_t i = 0; i < design.inputs.size(); ++i) {
    const hw::Stream& stream = design.streams[static_cast<size_t>(design.inputs[i].stream)];
    one.inputs.push_back(words_of(own, "input", i, design.inputs.size(), stream));
  }
  for (size_t i = 0; i < design.outputs.size(); ++i) {
    const hw::Stream& stream = design.streams[static_cast<size_t>(design.outputs[i].stream)];
    one.outputs.push_back(words_of(own, "expected", i, design.outputs.size(), stream));
  }
  return one;
}

}  // namespace bitloom::test
