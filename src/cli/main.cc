// SPDX-License-Identifier: Apache-2.0
//
// The program: one verb a command. Exit status 0 success, 1 the work failed, 2 wrong usage.
#include <cstdio>
#include <new>

#include "common.h"

namespace {

int run(int argc, char** argv) {
  CLI::App program{"bitloom: binarized and few-bit neural networks, from a trained model to exact integers anywhere",
                   "bitloom"};
  program.set_version_flag("--version", "bitloom " BITLOOM_VERSION);
  program.require_subcommand(0, 1);
  program.footer("`bitloom COMMAND --help` shows a command's options and an example.");
  bitloom::cli::add_info(program);
  bitloom::cli::add_convert(program);
  bitloom::cli::add_run(program);
  bitloom::cli::add_eval(program);
  bitloom::cli::add_bench(program);
  bitloom::cli::add_cut(program);
  bitloom::cli::add_fold(program);
  bitloom::cli::add_emit(program);
  bitloom::cli::add_simulate(program);
  bitloom::cli::add_synth(program);
  bitloom::cli::add_report(program);
  bitloom::cli::add_split(program);
  bitloom::cli::add_fetch(program);
  bitloom::cli::add_train(program);
  bitloom::cli::add_models(program);
  bitloom::cli::add_demo(program);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 2;
  }
  if (program.get_subcommands().empty()) {
    fmt::print(stderr, "{}", program.help());
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const bitloom::Unsupported& error) {
    fmt::print(stderr, "bitloom: not supported: {}\n", error.what());
  } catch (const bitloom::Error& error) {
    fmt::print(stderr, "bitloom: error: {}\n", error.what());
  } catch (const bitloom::InternalError& error) {
    fmt::print(stderr, "bitloom: this is a bug in bitloom, please report it: {}\n", error.what());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "bitloom: error: out of memory\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "bitloom: error: {}\n", error.what());
  }
  return 1;
}
