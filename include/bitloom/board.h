// SPDX-License-Identifier: Apache-2.0
//
// An emulated board: the RTL of a design as Verilator's model of it, loaded into this process and used as a device.
//
//   hw::Board board(design, network, library);          // or hw::Board board("folder of bitloom emit rtl");
//   const hw::Board::Run run = board.run(frames);        // outputs bit for bit those of ir::evaluate, and cycles
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::hw {

/// Several boards may be in one process, of one design or of several, each used by one thread at a time.
class Board {
 public:
  /// Of a folder that emit_rtl wrote, which is not needed afterwards. Builds the model unless it is in the cache (as
  /// hw::simulate does), and loads it. Throws Error, with the tool's own words, if the folder is no such folder, a tool is
  /// missing or fails, the library cannot be loaded, or a memory file cannot be read.
  explicit Board(const std::filesystem::path& folder);
  /// Emits the design into a temporary folder first. `library`: the folder rtl/ of the installation. Throws as emit_rtl does,
  /// too.
  Board(const Design& design, const ir::Network& network, const std::filesystem::path& library);
  ~Board();
  Board(Board&&) noexcept;
  Board& operator=(Board&&) noexcept;

  /// One a port, in order: name, and shape and values of its tensor.
  struct Port {
    std::string name;
    ir::TensorType type;
    bool operator==(const Port&) const = default;
  };
  const std::vector<Port>& inputs() const;
  const std::vector<Port>& outputs() const;
  double clock_mhz() const;  ///< that the design is made for

  struct Run {
    std::vector<ir::Tensor> outputs;  ///< one a port
    int64_t cycles = 0;               ///< until the last word of the last frame is out
    int64_t latency = 0;              ///< until the last word of the first frame is
  };
  /// Streams frames back to back through the board, one tensor an input; all have the same number of images, at least one.
  /// The board keeps nothing of them. Throws Error if they are not the inputs', or if the design stops: if for 20 million
  /// cycles no word moves at its ports.
  Run run(std::span<const ir::Tensor> frames);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bitloom::hw
