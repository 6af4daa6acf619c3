// SPDX-License-Identifier: Apache-2.0
//
// rtl/board.cc is the other side of the library's interface.
#include "bitloom/board.h"

#include <array>
#include <exception>

#include <dlfcn.h>
#include <nlohmann/json.hpp>

#include "bitloom/file.h"
#include "bitloom/process.h"
#include "bitloom/rtl.h"
#include "verilate.h"

namespace bitloom::hw {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kVersion = 1;
constexpr uint64_t kPatience = 20'000'000;
using Message = std::array<char, 1000>;

class Library {
 public:
  explicit Library(const fs::path& path) {
    handle_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ == nullptr) throw Error("{}: cannot be loaded: {}", path.string(), ::dlerror());
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() { ::dlclose(handle_); }

  template <typename Function>
  Function* find(const char* name) const {
    void* symbol = ::dlsym(handle_, name);
    if (symbol == nullptr) throw Error("the library of a board has no {}; emit the design again", name);
    return reinterpret_cast<Function*>(symbol);
  }

 private:
  void* handle_ = nullptr;
};

/// A port and how its words are made.
struct Wire {
  Board::Port port;
  Element element;
  int64_t lanes = 1, words = 1;

  size_t groups() const { return static_cast<size_t>((lanes * element.bits + 31) / 32); }
  const ir::Encoding* encoding() const { return element.plain() ? nullptr : port.type.encoding(); }
};

/// Calls visit(value, group, bit) for each element of a tensor: where in the words of the frames its bits begin.
template <typename Values, typename Visit>
void visit_elements(const Wire& wire, Values& values, Visit&& visit) {
  size_t index = 0, word = 0;
  while (index < values.size()) {
    for (int64_t lane = 0; lane < wire.lanes; ++lane) {
      const int64_t bit = lane * wire.element.bits;
      visit(values[index++], word * wire.groups() + static_cast<size_t>(bit / 32), static_cast<int>(bit % 32));
    }
    ++word;
  }
}

std::vector<uint32_t> pack(const Wire& wire, const ir::Tensor& tensor) {
  std::vector<uint32_t> bits(static_cast<size_t>(tensor.images * wire.words) * wire.groups() + 1);
  const uint64_t mask = (uint64_t{1} << wire.element.bits) - 1;
  visit_elements(wire, tensor.values, [&](int32_t value, size_t group, int bit) {
    const uint64_t code = wire.encoding() ? wire.encoding()->code(value) : static_cast<uint64_t>(int64_t{value});
    bits[group] |= static_cast<uint32_t>((code & mask) << bit);
    bits[group + 1] |= static_cast<uint32_t>(((code & mask) << bit) >> 32);
  });
  bits.pop_back();  // an element never reaches beyond the last word
  return bits;
}

ir::Tensor unpack(const Wire& wire, int64_t images, std::vector<uint32_t> bits) {
  bits.push_back(0);
  ir::Tensor tensor = ir::Tensor::zeros(wire.port.type.shape, images);
  const int width = wire.element.bits;
  visit_elements(wire, tensor.values, [&](int32_t& value, size_t group, int bit) {
    const uint64_t both = (uint64_t{bits[group + 1]} << 32 | bits[group]) >> bit;
    const uint64_t code = both & ((uint64_t{1} << width) - 1);
    const bool negative = !wire.encoding() && ((code >> (width - 1)) & 1) != 0;
    value = wire.encoding() ? wire.encoding()->value(static_cast<uint32_t>(code))
                            : static_cast<int32_t>(static_cast<int64_t>(code) - (negative ? int64_t{1} << width : 0));
  });
  return tensor;
}

struct Wires {
  std::vector<Wire> in, out;
  double clock_mhz = 0;
};

Wire read_wire(const Json& port, const Json& streams) {
  const Json& stream = streams.at(port.at("stream").get<size_t>());
  const std::vector<int32_t> shape = port.at("shape");
  const ir::Range range{port.at("lowest"), port.at("highest")};
  Wire wire{
      {port.at("name"), {{shape.at(0), shape.at(1), shape.at(2)}, range}}, {}, stream.at("lanes"), stream.at("words")};
  if (port.contains("coefficients")) {
    ir::Encoding encoding{port.at("coefficients"), port.at("bias"), range.lowest, range.highest};
    ir::check(encoding);
    wire.port.type.element = std::move(encoding);
  }
  const Json& element = stream.at("element");
  wire.element.bits = element.at("bits");
  if (element.contains("coefficients")) wire.element.coefficients = element.at("coefficients").get<std::vector<int32_t>>();
  const bool sound = wire.element.bits >= 1 && wire.element.bits <= 32 && wire.lanes >= 1 && wire.words >= 1 &&
                     wire.words <= ir::kMaxElements && wire.lanes <= ir::kMaxElements &&
                     wire.lanes * wire.words == wire.port.type.shape.elements();
  if (!sound) throw Error("port '{}' does not carry its tensor", wire.port.name);
  return wire;
}

Wires read_wires(const fs::path& folder) {
  const fs::path path = folder / "design.json";
  if (!fs::exists(path)) throw Error("{}: is no folder that `bitloom emit rtl` wrote", folder.string());
  const std::string text = read_text(path);
  try {
    const Json json = Json::parse(text);
    Wires wires;
    for (const Json& port : json.at("inputs")) wires.in.push_back(read_wire(port, json.at("streams")));
    for (const Json& port : json.at("outputs")) wires.out.push_back(read_wire(port, json.at("streams")));
    wires.clock_mhz = json.at("clock_mhz");
    return wires;
  } catch (const std::exception& error) {
    throw Error("{}: is not as `bitloom emit rtl` writes it ({}); emit the design again", path.string(), error.what());
  }
}

}  // namespace

struct Board::Impl {
  Impl(Wires the_wires, const fs::path& folder) : wires(std::move(the_wires)), library(verilated(folder, Model::kBoard)) {
    if (const int version = library.find<int()>("bitloom_board_version")(); version != kVersion)
      throw Error("{}: has version {} of a board's interface, not {}; emit the design again", folder.string(), version,
                  kVersion);
    Message message{};
    board = library.find<void*(const char*, char*, size_t)>("bitloom_board_open")(fs::absolute(folder).c_str(),
                                                                                  message.data(), message.size());
    if (board == nullptr) throw Error("{}: cannot be made a board: {}", folder.string(), message.data());
    for (const Wire& wire : wires.in) inputs.push_back(wire.port);
    for (const Wire& wire : wires.out) outputs.push_back(wire.port);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { library.find<void(void*)>("bitloom_board_close")(board); }

  Wires wires;
  Library library;
  void* board = nullptr;
  std::vector<Port> inputs, outputs;
};

Board::Board(const fs::path& folder) : impl_(std::make_unique<Impl>(read_wires(folder), folder)) {}

Board::Board(const Design& design, const ir::Network& network, const fs::path& library) {
  const TemporaryFolder folder;
  emit_rtl(design, network, ir::random_inputs(network, 1, 1), library, folder.path());
  *this = Board(folder.path());
}

Board::~Board() = default;
Board::Board(Board&&) noexcept = default;
Board& Board::operator=(Board&&) noexcept = default;

const std::vector<Board::Port>& Board::inputs() const { return impl_->inputs; }
const std::vector<Board::Port>& Board::outputs() const { return impl_->outputs; }
double Board::clock_mhz() const { return impl_->wires.clock_mhz; }

namespace {

void check_frames(const std::vector<Board::Port>& ports, std::span<const ir::Tensor> frames) {
  // A network of these inputs alone: what may be in a tensor is checked in one place.
  ir::Network network;
  network.name = "board";
  for (const Board::Port& port : ports) network.add(port.name, ir::Input{port.type.shape, port.type.element, {}});
  ir::check_inputs(network, frames);
  if (frames.empty() || frames.front().images < 1) throw Error("a board needs at least one frame to run");
}

}  // namespace

Board::Run Board::run(std::span<const ir::Tensor> frames) {
  check_frames(impl_->inputs, frames);
  const int64_t images = frames.front().images;
  std::vector<std::vector<uint32_t>> in, out;
  std::vector<const uint32_t*> given;
  std::vector<uint32_t*> taken;
  for (size_t i = 0; i < frames.size(); ++i) given.push_back(in.emplace_back(pack(impl_->wires.in[i], frames[i])).data());
  for (const Wire& wire : impl_->wires.out)
    taken.push_back(out.emplace_back(static_cast<size_t>(images * wire.words) * wire.groups()).data());
  std::array<uint64_t, 2> cycles{};
  Message message{};
  using Function = int(void*, uint64_t, const uint32_t* const*, uint32_t* const*, uint64_t, uint64_t*, char*, size_t);
  const int status = impl_->library.find<Function>("bitloom_board_run")(impl_->board, static_cast<uint64_t>(images),
                                                                        given.data(), taken.data(), kPatience,
                                                                        cycles.data(), message.data(), message.size());
  if (status != 0) throw Error("the board {}", message.data());
  Run run{{}, static_cast<int64_t>(cycles[0]), static_cast<int64_t>(cycles[1])};
  for (size_t i = 0; i < out.size(); ++i) run.outputs.push_back(unpack(impl_->wires.out[i], images, std::move(out[i])));
  return run;
}

}  // namespace bitloom::hw
