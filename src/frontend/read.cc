// SPDX-License-Identifier: Apache-2.0
//
// Which reader a model wants, from what it holds.
#include "bitloom/file.h"
#include "bitloom/frontend.h"

namespace bitloom::frontend {

QuantGraph read(const std::filesystem::path& path) {
  std::error_code error;  // of a path that is not there: map_file says it
  if (std::filesystem::is_directory(path, error)) return read_bnn_pynq(path);
  const MappedFile file = map_file(path);
  return read_onnx(file.bytes, path.string());
}

}  // namespace bitloom::frontend
