// SPDX-License-Identifier: Apache-2.0
#include "judge.h"

#include <algorithm>

#include "bitloom/engine.h"
#include "bitloom/frontend.h"
#include "bitloom/lower.h"

namespace bitloom::train {

ir::Network lowered(const TrainedNetwork& network, const std::vector<std::string>& classes) {
  const std::string bytes = qonnx_bytes(network);
  lower::Options options;
  options.input = lower::InputKind::kPixels;
  ir::Network result = lower::lower(frontend::read_onnx(std::as_bytes(std::span(bytes)), network.name), options);
  result.classes = classes;
  return result;
}

std::vector<int32_t> predictions(const ir::Network& network, const data::Images& images, int64_t first, int64_t count,
                                 int threads) {
  constexpr int64_t kBatch = 1000;
  const engine::Program program(network, {.threads = threads});
  engine::Workspace workspace = program.workspace();
  BITLOOM_CHECK(network.outputs.size() == 1);
  const ir::Shape shape = network.nodes[static_cast<size_t>(network.outputs[0])].type.shape;
  const int64_t elements = int64_t{images.height} * images.width * images.channels;
  std::vector<int32_t> classes;
  for (int64_t done = 0; done < count; done += kBatch) {
    const int64_t now = std::min(kBatch, count - done);
    const auto pixels = std::span(images.pixels)
                            .subspan(static_cast<size_t>((first + done) * elements), static_cast<size_t>(now * elements));
    std::vector<ir::Tensor> outputs{ir::Tensor::zeros(shape, now)};
    const std::vector<engine::InputView> inputs{pixels};
    const std::vector<std::span<int32_t>> spans{outputs[0].values};
    program.run(now, inputs, spans, workspace);
    const std::vector<int32_t> found = ir::predicted_classes(network, outputs);
    classes.insert(classes.end(), found.begin(), found.end());
  }
  return classes;
}

}  // namespace bitloom::train
