// SPDX-License-Identifier: Apache-2.0
//
// What stands behind the opaque types of bitloom.h.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "bitloom.h"
#include "bitloom/engine.h"
#include "bitloom/lower.h"
#include "guard.h"

namespace bitloom::capi {

struct Model {
  Model(const ir::Network& network, const engine::Options& options)
      : program(network, options), inputs(program.network().inputs()) {}
  const ir::Network& network() const { return program.network(); }

  engine::Program program;
  std::vector<ir::NodeId> inputs;  ///< the Input nodes
};

}  // namespace bitloom::capi

struct bitloom_options {
  bitloom::engine::Options engine;
  bitloom::lower::Options lower;
};

struct bitloom_program {
  std::shared_ptr<const bitloom::capi::Model> model;
};

/// Shares the model, so that handles may be freed in any order, and so that no other model can come to lie at the address
/// by which the engine knows whose workspace this is.
struct bitloom_workspace {
  explicit bitloom_workspace(std::shared_ptr<const bitloom::capi::Model> made_for)
      : model(std::move(made_for)),
        workspace(model->program.workspace()),
        inputs(model->inputs.size()),
        outputs(model->network().outputs.size()) {}

  std::shared_ptr<const bitloom::capi::Model> model;
  bitloom::engine::Workspace workspace;
  std::vector<bitloom::engine::InputView> inputs;  ///< of the run in progress; here so that a run allocates nothing
  std::vector<std::span<int32_t>> outputs;         ///< likewise
  std::atomic_flag busy;                           ///< set while a run has the workspace; guards the rest
};

namespace bitloom::capi {

inline const Model& model_of(const bitloom_program* program) { return *given(program, "program").model; }

/// Throws Error if there is no such element; `what` is one of them, with its article.
template <typename T>
const T& element(const std::vector<T>& list, int64_t index, const char* what) {
  if (index < 0 || index >= static_cast<int64_t>(list.size()))
    throw Error("index {} is not that of {}, of which there are {}", index, what, list.size());
  return list[static_cast<size_t>(index)];
}

}  // namespace bitloom::capi
