// SPDX-License-Identifier: Apache-2.0
//
// The test bench of a board, for Verilator: sends the bytes of a file over the serial line as fast as it goes, and compares
// what comes back with another file. It serves the SystemVerilog of a board and the netlist that synthesis made of it.
//
//   board_bench input.bin expected.bin DIVIDER
//
// DIVIDER: clock cycles a bit. Prints the number of wrong bytes as JSON. Exit status: 0 all right, 1 some wrong or missing,
// 2 wrong arguments.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "Vboard.h"
#include "verilated.h"

namespace {

std::vector<uint8_t> read_bytes(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) std::exit((std::fprintf(stderr, "%s: cannot open\n", path), 2));
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The level of the line in each cycle while bytes are sent back to back.
class Sender {
 public:
  Sender(const std::vector<uint8_t>& bytes, int divider) : bytes_(bytes), divider_(divider) {}
  bool level() const {
    if (byte_ >= bytes_.size() || bit_ == 9) return true;
    return bit_ != 0 && ((bytes_[byte_] >> (bit_ - 1)) & 1) != 0;
  }
  void step() {
    if (byte_ >= bytes_.size() || ++cycle_ < divider_) return;
    cycle_ = 0;
    if (++bit_ < 10) return;
    bit_ = 0;
    ++byte_;
  }
  bool finished() const { return byte_ >= bytes_.size(); }

 private:
  const std::vector<uint8_t>& bytes_;
  int divider_, cycle_ = 0, bit_ = 0;
  size_t byte_ = 0;
};

/// Bytes of a line that is looked at in each cycle.
class Receiver {
 public:
  explicit Receiver(int divider) : divider_(divider) {}
  void step(bool level) {
    if (bit_ < 0) {
      if (level) return;
      bit_ = 0;
      left_ = divider_ / 2;
    }
    if (left_-- > 0) return;
    left_ = divider_ - 1;
    if (bit_ >= 1 && bit_ <= 8) byte_ = static_cast<uint8_t>(byte_ >> 1 | (level ? 0x80 : 0));
    if (++bit_ < 10) return;
    bytes.push_back(byte_);
    bit_ = -1;
  }
  std::vector<uint8_t> bytes;

 private:
  int divider_, left_ = 0, bit_ = -1;
  uint8_t byte_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: %s input.bin expected.bin DIVIDER\n", argv[0]), 2;
  const std::vector<uint8_t> input = read_bytes(argv[1]), expected = read_bytes(argv[2]);
  const int divider = std::atoi(argv[3]);
  VerilatedContext context;
  Vboard board(&context);
  Sender sender(input, divider);
  Receiver receiver(divider);
  constexpr int kPowerUp = 1000;             // the board's reset and the line's rest
  constexpr int64_t kPatience = 20'000'000;  // cycles without a byte, after all were sent
  int64_t idle = 0;
  for (int64_t cycle = 0; receiver.bytes.size() < expected.size() && idle < kPatience; ++cycle) {
    board.rx_i = cycle < kPowerUp || sender.level();
    if (cycle >= kPowerUp) sender.step();
    board.clk_i = 0;
    board.eval();
    board.clk_i = 1;
    board.eval();
    const size_t before = receiver.bytes.size();
    receiver.step(board.tx_o != 0);
    idle = sender.finished() && receiver.bytes.size() == before ? idle + 1 : 0;
  }
  size_t wrong = 0;
  for (size_t i = 0; i < receiver.bytes.size(); ++i) wrong += receiver.bytes[i] != expected[i];
  std::printf("{\"bytes\": %zu, \"expected\": %zu, \"wrong\": %zu}\n", receiver.bytes.size(), expected.size(), wrong);
  return wrong == 0 && receiver.bytes.size() == expected.size() ? 0 : 1;
}
