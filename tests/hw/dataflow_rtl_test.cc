// SPDX-License-Identifier: Apache-2.0
//
// The model of the handshakes against the RTL, word by word.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "bitloom/dataflow.h"
#include "bitloom/file.h"
#include "bitloom/process.h"
#include "bitloom/rtl.h"
#include "random_folding.h"
#include "residual.h"
#include "support/temporary_folder.h"

namespace bitloom {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kFrames = 4;

/// A network with the folding, and FIFOs of random depths.
struct Case {
  ir::Network network;
  hw::Design design;
  uint64_t seed = 0;
};

std::optional<Case> random_case(uint64_t seed) {
  Case result{
      ir::random_network(
          seed,
          {.max_layers = 1 + static_cast<int>(seed % 6), .max_channels = 9, .max_image = 7, .branches = seed % 2 == 0}),
      {},
      seed};
  try {
    result.design = hw::design(result.network, test::random_folding(result.network, seed));
    std::mt19937_64 random(seed);
    hw::Folding folding = result.design.folding;
    for (const hw::Unit& unit : result.design.units) {
      if (const auto* window = std::get_if<hw::Window>(&unit.kind)) {
        const int32_t least = (window->window.kernel_h - 1) * window->window.dilation_h + 1;
        folding.rows[unit.name] = least + static_cast<int32_t>(random() % static_cast<uint64_t>(window->rows - least + 1));
      }
      if (!std::holds_alternative<hw::Fifo>(unit.kind) || random() % 2 == 0) continue;
      const auto depth = static_cast<int32_t>(random() % 12);
      folding.fifos[unit.name.substr(0, unit.name.rfind('.'))] = depth == 1 ? 0 : depth;
    }
    result.design = hw::design(result.network, folding);
  } catch (const Unsupported&) {
    return std::nullopt;
  }
  return result;
}

// The RTL of many designs in one simulation, as compiling takes as long for one as for some.

constexpr const char* kBench = R"(
#include <cstdio>
#include <cstdlib>
#include "Vall.h"
#include "verilated.h"
#include "bench.h"

struct Random {
  uint64_t state;
  bool percent(int share) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return int((state >> 33) % 100) < share;
  }
};
template <typename Bits>
bool get(const Bits& bits, size_t i) {
  if constexpr (requires { bits.m_storage[0]; }) return (bits.m_storage[i / 32] >> (i % 32)) & 1;
  else return (bits >> i) & 1;
}
template <typename Bits>
void set(Bits& bits, size_t i, bool on) {
  if constexpr (requires { bits.m_storage[0]; }) {
    bits.m_storage[i / 32] = (bits.m_storage[i / 32] & ~(uint32_t(1) << (i % 32))) | (uint32_t(on) << (i % 32));
  } else {
    bits = Bits((bits & ~(Bits(1) << i)) | (Bits(on) << i));
  }
}

int main(int, char** argv) {
  const int stalls = std::atoi(argv[1]);
  FILE* file = std::fopen(argv[2], "wb");
  VerilatedContext context;
  Vall top(&context);
  std::vector<Random> in, out;
  std::vector<int> given(kIn.size()), taken(kOut.size()), idle(kDesigns), open(kDesigns);
  std::vector<bool> offering(kIn.size());
  for (const Port& p : kIn) in.push_back({p.seed * 0x9e3779b97f4a7c15 + 1});
  for (const Port& p : kOut) out.push_back({~p.seed * 0x9e3779b97f4a7c15 + 1}), ++open[p.design];
  top.rst_ni = 0;
  for (int i = 0; i < 8; ++i) top.clk_i = i & 1, top.eval();
  top.rst_ni = 1;
  for (uint32_t cycle = 0; cycle < 1000000; ++cycle) {
    for (size_t i = 0; i < kIn.size(); ++i) {
      const bool pause = in[i].percent(stalls);
      offering[i] = given[i] < kIn[i].words && (offering[i] || !pause);
      set(top.in_valid_i, i, offering[i]);
    }
    for (size_t o = 0; o < kOut.size(); ++o) set(top.out_ready_i, o, !out[o].percent(stalls));
    top.clk_i = 0;
    top.eval();
    bool going = false;
    for (int d = 0; d < kDesigns; ++d) {
      if (open[d] == 0 || ++idle[d] > 4000) continue;
      going = true;
      for (int s = kStreams[d]; s < kStreams[d + 1]; ++s) {
        if (!get(top.valid_o, s) || !get(top.ready_o, s)) continue;
        const uint32_t record[2] = {uint32_t(s), cycle};
        std::fwrite(record, sizeof record, 1, file);
        idle[d] = 0;
      }
    }
    for (size_t i = 0; i < kIn.size(); ++i)
      if (offering[i] && get(top.in_ready_o, i)) ++given[i], offering[i] = false;
    for (size_t o = 0; o < kOut.size(); ++o)
      if (get(top.out_valid_o, o) && get(top.out_ready_i, o) && ++taken[o] == kOut[o].words) --open[kOut[o].design];
    if (!going) break;
    top.clk_i = 1;
    top.eval();
  }
  std::fclose(file);
}
)";

std::string text_of(const fs::path& path) {
  const std::vector<std::byte> bytes = read_file(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) text.replace(at, what.size(), by);
}

class Rtl {
 public:
  Rtl(const std::vector<Case>& all, const fs::path& folder) : folder_(folder) {
    for (const Case& one : all) add(one);
    offsets_.push_back(streams_);
    const auto bits = [](const char* direction, int count, const char* name) {
      return fmt::format(",\n  {} logic [{}:0] {}", direction, count - 1, name);
    };
    write_file(folder / "all.sv", "module all (\n  input logic clk_i,\n  input logic rst_ni" +
                                      bits("input ", ins_, "in_valid_i") + bits("output", ins_, "in_ready_o") +
                                      bits("input ", outs_, "out_ready_i") + bits("output", outs_, "out_valid_o") +
                                      bits("output", streams_, "valid_o") + bits("output", streams_, "ready_o") + "\n);\n" +
                                      instances_ + "endmodule\n");
    std::string numbers;
    for (const int offset : offsets_) numbers += std::to_string(offset) + ", ";
    write_file(folder / "bench.h",
               fmt::format("#include <cstdint>\n#include <vector>\nstruct Port {{ int design; long words; uint64_t seed; "
                           "}};\nconst std::vector<Port> kIn{{{}}}, kOut{{{}}};\nconst int kStreams[] = {{{}}};\n"
                           "const int kDesigns = {};\n",
                           in_ports_, out_ports_, numbers, all.size()));
    write_file(folder / "main.cc", std::string(kBench));
    std::vector<std::string> command{
        "verilator", "--cc",       "--exe",        "--build", "-O3",     "--x-assign",          "0",
        "-Wno-lint", "-Wno-style", "--top-module", "all",     "-CFLAGS", "-std=c++20 -O1 -I..", "all.sv",
        "main.cc"};
    for (size_t d = 0; d < all.size(); ++d) command.push_back(fmt::format("top{}.sv", d));
    for (const auto& entry : fs::directory_iterator(fs::path(BITLOOM_SOURCE_DIR) / "rtl"))
      if (entry.path().extension() == ".sv") command.push_back(entry.path().string());
    const auto built = run_process(command, folder);
    if (!built || built->status != 0) throw Error("Verilator: {}", built ? built->errors : "missing");
  }

  /// By design and stream.
  std::vector<std::vector<std::vector<int64_t>>> run(int stalls) {
    const fs::path file = folder_ / "handshakes.bin";
    run_process({(folder_ / "obj_dir" / "Vall").string(), std::to_string(stalls), file.string()}, folder_);
    std::vector<std::vector<std::vector<int64_t>>> result;
    for (size_t d = 0; d + 1 < offsets_.size(); ++d)
      result.emplace_back(static_cast<size_t>(offsets_[d + 1] - offsets_[d]));
    const std::vector<std::byte> bytes = read_file(file);
    for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      std::array<uint32_t, 2> record{};
      std::memcpy(record.data(), &bytes[at], sizeof record);
      const auto d =
          static_cast<size_t>(std::ranges::upper_bound(offsets_, static_cast<int>(record[0])) - offsets_.begin() - 1);
      result[d][record[0] - static_cast<size_t>(offsets_[d])].push_back(record[1]);
    }
    return result;
  }

 private:
  void add(const Case& one) {
    const size_t d = offsets_.size();
    const std::string name = fmt::format("top{}", d);
    const fs::path own = folder_ / (name + ".files");
    hw::emit_rtl(one.design, one.network, ir::random_inputs(one.network, 1, one.seed), fs::path(BITLOOM_SOURCE_DIR) / "rtl",
                 own);
    std::string top = text_of(own / "bitloom_top.sv");
    replace_all(top, "module bitloom_top (", "module " + name + " (");
    replace_all(top, "\"mem/", "\"" + (own / "mem").string() + "/");
    write_file(folder_ / (name + ".sv"), top);
    offsets_.push_back(streams_);
    const auto count = static_cast<int>(one.design.streams.size());
    std::string ports = "  " + name + " u" + std::to_string(d) + " (.clk_i(clk_i), .rst_ni(rst_ni)";
    const auto connect = [&](const std::vector<hw::Port>& list, const char* direction, bool into, int& next,
                             std::string& table) {
      for (size_t i = 0; i < list.size(); ++i) {
        const std::string port = list.size() == 1 ? direction : fmt::format("{}{}", direction, i);
        ports += fmt::format(", .{}_data_{}({}), .{}_valid_{}({}_valid_{}[{}]), .{}_ready_{}({}_ready_{}[{}])", port,
                             into ? "i" : "o", into ? "'0" : "", port, into ? "i" : "o", direction, into ? "i" : "o", next,
                             port, into ? "o" : "i", direction, into ? "o" : "i", next);
        const int64_t words = one.design.streams[static_cast<size_t>(list[i].stream)].words;
        table += fmt::format("{{{}, {}, {}u}}, ", d, kFrames * words, one.seed + i);
        ++next;
      }
    };
    connect(one.design.inputs, "in", true, ins_, in_ports_);
    connect(one.design.outputs, "out", false, outs_, out_ports_);
    instances_ += ports + ");\n";
    for (const char* what : {"valid", "ready"})
      instances_ += fmt::format("  assign {}_o[{}+:{}] = u{}.streams_{};\n", what, streams_, count, d, what);
    streams_ += count;
  }

  fs::path folder_;
  std::string instances_, in_ports_, out_ports_;
  std::vector<int> offsets_;  ///< first stream of each design
  int ins_ = 0, outs_ = 0, streams_ = 0;
};

TEST(Dataflow, SlowEveryWordOfEveryStreamMovesInTheCycleOfTheRtl) {
  if (!run_process({"verilator", "--version"}, ".")) GTEST_SKIP() << "verilator is not installed";
  std::vector<Case> all{{test::residual(), test::residual_design({{"sum", 4}}), 1}};
  const char *first = std::getenv("BITLOOM_SEED"), *cases = std::getenv("BITLOOM_RTL_CASES");
  const int count = cases ? std::atoi(cases) : 25;
  for (uint64_t seed = first ? std::strtoull(first, nullptr, 10) : 1; static_cast<int>(all.size()) < count; ++seed)
    if (auto one = random_case(seed)) all.push_back(std::move(*one));
  const test::TemporaryFolder folder;
  Rtl rtl(all, folder.path());
  int stopped = 0;
  for (const int stalls : {0, 30}) {
    const auto found = rtl.run(stalls);
    for (size_t d = 0; d < all.size(); ++d) {
      const hw::Design& design = all[d].design;
      SCOPED_TRACE(fmt::format("seed {} stalls {}", all[d].seed, stalls));
      hw::DataflowOptions options;
      options.frames = kFrames;
      options.input_stalls = options.output_stalls = stalls;
      options.seed = all[d].seed;
      options.handshakes = true;
      const hw::Dataflow model = hw::simulate_handshakes(design, options);
      stopped += model.stopped ? 1 : 0;
      for (size_t s = 0; s < design.streams.size(); ++s) {
        const std::vector<int64_t>&expected = found[d][s], &times = model.handshakes[s];
        const auto differ = std::mismatch(expected.begin(), expected.end(), times.begin(), times.end());
        if (expected == times) continue;
        ADD_FAILURE() << "stream " << s << " (" << design.streams[s].name << "), word " << differ.first - expected.begin()
                      << " of " << expected.size() << ": RTL " << (differ.first == expected.end() ? -1 : *differ.first)
                      << ", model " << (differ.second == times.end() ? -1 : *differ.second) << " of " << times.size();
        break;
      }
    }
  }
  EXPECT_GT(stopped, 0) << "no design that stops was tried";
}

}  // namespace
}  // namespace bitloom
