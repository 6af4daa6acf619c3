// SPDX-License-Identifier: Apache-2.0
//
// Which reader a model wants, from what it holds.
#include "bitloom/file.h"
#include "bitloom/frontend.h"
#include "finn_json.h"

namespace bitloom::frontend {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxJsonBytes = int64_t{1} << 24;

// No protocol buffer of an ONNX model begins with a brace: that would be the start of a group, which ONNX does not have.
bool looks_like_json(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  const size_t start = text.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && text[start] == '{';
}

QuantGraph read_json(const fs::path& path, std::string_view text) {
  if (text.size() > static_cast<size_t>(kMaxJsonBytes)) {
    throw Error("{}: is {} bytes long; a topology has at most {}", path.string(), text.size(), kMaxJsonBytes);
  }
  const fs::path named = parameters_file(text, path.string());
  if (named.is_absolute()) {
    throw Error("{}: field 'parameters' must be relative to the folder of the file", path.string());
  }
  const fs::path parameters = named.empty() ? fs::path(path).replace_extension(".npz") : path.parent_path() / named;
  std::error_code error;
  if (!fs::exists(parameters, error)) {
    throw Error("{}: its parameters, {}, are not there; name their file with the field 'parameters'", path.string(),
                parameters.string());
  }
  return read_finn_json(text, map_file(parameters).bytes, path.string());
}

}  // namespace

QuantGraph read(const fs::path& path) {
  std::error_code error;  // of a path that is not there: map_file says it
  if (fs::is_directory(path, error)) return read_bnn_pynq(path);
  const MappedFile file = map_file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
  return looks_like_json(text) ? read_json(path, text) : read_onnx(file.bytes, path.string());
}

}  // namespace bitloom::frontend
