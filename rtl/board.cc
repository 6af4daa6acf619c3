// SPDX-License-Identifier: Apache-2.0
//
// An emitted design as a shared library with a C interface, by which a program loads it as a device (bitloom/board.h).
// Words are groups of 32 bits, the lowest first; a frame's words follow each other. Built by the Makefile of the folder,
// which hands every fopen of the library to __wrap_fopen here: Verilator opens memory files by the paths that the design
// has, and those are relative to the design's folder, not to where the program runs.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ports.h"
#include "verilated.h"

#define BITLOOM_BOARD_API extern "C" __attribute__((visibility("default")))

namespace {

// Of the board that this thread opens, and what Verilator warned of while it did.
thread_local std::string memory_folder, warning;

// Verilator finds a model's context by the thread, also when the model goes away, so whoever touches a board enters it.
struct Board {
  Board() {
    context.threads(1);  // a model of one thread has no use for workers
    enter();
    top = std::make_unique<Top>(&context);
  }
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;
  ~Board() {
    enter();
    top.reset();
    Verilated::threadContextp(Verilated::defaultContextp());
  }
  void enter() { Verilated::threadContextp(&context); }

  VerilatedContext context;
  std::unique_ptr<Top> top;
};

// A port of up to 64 bits is an unsigned integer; a wider one has 32-bit words.
template <typename Port>
void put(Port& port, const uint32_t* word, size_t size) {
  if constexpr (requires { port.m_storage[0]; }) {
    std::memcpy(&port.m_storage[0], word, size * sizeof *word);
  } else {
    uint64_t value = word[0];
    if (size > 1) value |= uint64_t{word[1]} << 32;
    port = static_cast<Port>(value);
  }
}

template <typename Port>
void get(const Port& port, uint32_t* word, size_t size) {
  if constexpr (requires { port.m_storage[0]; }) {
    std::memcpy(word, &port.m_storage[0], size * sizeof *word);
  } else {
    word[0] = static_cast<uint32_t>(port);
    if (size > 1) word[1] = static_cast<uint32_t>(uint64_t{port} >> 32);
  }
}

void edge(Board& board, int level) {
  clock_of(*board.top) = static_cast<CData>(level);
  board.top->eval();
  board.context.timeInc(1);
}

void reset(Board& board) {
  reset_n_of(*board.top) = 0;
  visit_inputs(*board.top, [](const PortFacts&, auto&, auto& valid, auto&) { valid = 0; });
  visit_outputs(*board.top, [](const PortFacts&, auto&, auto&, auto& ready) { ready = 0; });
  for (int i = 0; i < 4; ++i) {
    edge(board, 0);
    edge(board, 1);
  }
  reset_n_of(*board.top) = 1;
}

// Frames on their way. Words are counted by port.
struct Run {
  uint64_t frames = 0;
  const uint32_t* const* inputs = nullptr;
  uint32_t* const* outputs = nullptr;
  std::vector<uint64_t> given, taken;
  uint64_t left = 0;  // of the outputs' words
  uint64_t cycles = 0, first_frame = 0;
};

size_t groups(const PortFacts& port) { return (port.bits + 31) / 32; }

// One cycle. True if a word moved.
bool step(Board& board, Run& run) {
  visit_inputs(*board.top, [&](const PortFacts& port, auto& data, auto& valid, auto&) {
    const uint64_t given = run.given[port.index];
    valid = given < run.frames * port.words;
    if (valid) put(data, run.inputs[port.index] + given * groups(port), groups(port));
  });
  visit_outputs(*board.top, [&](const PortFacts& port, auto&, auto&, auto& ready) {
    ready = run.taken[port.index] < run.frames * port.words;
  });
  edge(board, 0);
  bool moved = false, frame_out = true;
  visit_inputs(*board.top, [&](const PortFacts& port, auto&, auto& valid, auto& ready) {
    const bool moves = valid && ready;
    run.given[port.index] += moves;
    moved |= moves;
  });
  visit_outputs(*board.top, [&](const PortFacts& port, auto& data, auto& valid, auto& ready) {
    uint64_t& taken = run.taken[port.index];
    const bool moves = valid && ready;
    if (moves) get(data, run.outputs[port.index] + taken * groups(port), groups(port));
    taken += moves;
    run.left -= moves;
    moved |= moves;
    frame_out &= taken >= port.words;
  });
  if (frame_out && run.first_frame == 0) run.first_frame = run.cycles;
  edge(board, 1);
  ++run.cycles;
  return moved;
}

void tell(const std::string& text, char* error, size_t error_size) { std::snprintf(error, error_size, "%s", text.c_str()); }

}  // namespace

extern "C" FILE* __real_fopen(const char* path, const char* mode);
extern "C" FILE* __wrap_fopen(const char* path, const char* mode) {
  return __real_fopen(path[0] == '/' ? path : (memory_folder + '/' + path).c_str(), mode);
}

// Instead of ending the program, or of going on with an empty memory (VL_USER_FATAL, VL_USER_WARN, ...).
void vl_fatal(const char* file, int line, const char*, const char* message) {
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + message);
}
void vl_warn(const char* file, int, const char*, const char* message) {
  if (warning.empty()) warning = std::string(file) + ": " + message;
}
void vl_stop(const char* file, int line, const char*) { vl_fatal(file, line, "", "$stop"); }
void vl_finish(const char* file, int line, const char*) { vl_fatal(file, line, "", "$finish"); }

BITLOOM_BOARD_API int bitloom_board_version() { return 1; }

// A board with the memory files of `folder`, after reset; null and a text in `error` if that fails.
BITLOOM_BOARD_API void* bitloom_board_open(const char* folder, char* error, size_t error_size) {
  try {
    memory_folder = folder;
    warning.clear();
    auto board = std::make_unique<Board>();
    reset(*board);
    if (!warning.empty()) throw std::runtime_error(warning);
    return board.release();
  } catch (const std::exception& exception) {
    tell(exception.what(), error, error_size);
    return nullptr;
  }
}

BITLOOM_BOARD_API void bitloom_board_close(void* board) { delete static_cast<Board*>(board); }

// Streams frames back to back. `cycles`: in all, and until the first frame is out. Gives up and returns 1 when in
// `patience` cycles no word moves at any port.
BITLOOM_BOARD_API int bitloom_board_run(void* handle, uint64_t frames, const uint32_t* const* inputs,
                                        uint32_t* const* outputs, uint64_t patience, uint64_t* cycles, char* error,
                                        size_t error_size) {
  Board& board = *static_cast<Board*>(handle);
  try {
    board.enter();
    Run run{frames, inputs, outputs, {}, {}};
    visit_inputs(*board.top, [&](const PortFacts&, auto&, auto&, auto&) { run.given.push_back(0); });
    visit_outputs(*board.top, [&](const PortFacts& port, auto&, auto&, auto&) {
      run.taken.push_back(0);
      run.left += frames * port.words;
    });
    for (uint64_t idle = 0; run.left > 0;) {
      idle = step(board, run) ? 0 : idle + 1;
      if (idle <= patience) continue;
      tell("stopped without giving a word any more", error, error_size);
      reset(board);
      return 1;
    }
    cycles[0] = run.cycles;
    cycles[1] = run.first_frame;
    return 0;
  } catch (const std::exception& exception) {
    tell(exception.what(), error, error_size);
    return 1;
  }
}
