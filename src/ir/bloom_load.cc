// SPDX-License-Identifier: Apache-2.0
//
// Reads .bloom files, from strangers as well. The order matters: FlatBuffers' verifier makes every access safe; then what
// is copied is charged against the size of the file, for parts of a hostile file may overlap and a few bytes be referred to
// a million times; then the network's own rules decide, by Network::add and verify.
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "bitloom/file.h"
#include "bitloom/ir.h"
#include "bloom_format.h"

namespace bitloom::ir {
namespace {

constexpr flatbuffers::uoffset_t kMaxDepth = 8;               // network, node, layer, encoding, and some to spare
constexpr flatbuffers::uoffset_t kMaxTables = 8 * kMaxNodes;  // a node has four at most; too many nodes is said later
constexpr size_t kSmallestFile = 8;                           // offset of the root and identifier

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::shared_ptr<const void> owner)
      : owner_(std::move(owner)), budget_(bytes.size()) {}

  Network read(const schema::Network& file) {
    Network network;
    network.name = text(file.name());
    for (const schema::Node* node : *file.nodes()) {
      std::string name = text(node->name());
      std::vector<NodeId> inputs = copied(node->inputs());
      Layer layer = read_layer(*node, name);
      network.add(std::move(name), std::move(layer), std::move(inputs));
    }
    network.outputs = copied(file.outputs());
    for (const flatbuffers::String* name : *file.classes()) network.classes.push_back(text(name));
    return network;
  }

 private:
  void charge(size_t bytes) {
    if (bytes > budget_) throw Error("its parts overlap; the file is damaged");
    budget_ -= bytes;
  }

  std::string text(const flatbuffers::String* string) {
    charge(string->size());
    return {string->c_str(), string->size()};
  }

  // Copied as bytes, since vectors of eight-byte numbers in a hostile file need not be aligned.
  template <typename T>
  std::vector<T> copied(const flatbuffers::Vector<T>* vector) {
    charge(vector->size() * sizeof(T));
    std::vector<T> result(vector->size());
    if (!result.empty()) std::memcpy(result.data(), vector->Data(), result.size() * sizeof(T));
    return result;
  }

  static Shape shape(const schema::Shape* s) { return {s->height(), s->width(), s->channels()}; }

  static Window window(const schema::Window* w) {
    return {w->kernel_h(), w->kernel_w(),   w->stride_h(),  w->stride_w(),   w->pad_top(),
            w->pad_left(), w->pad_bottom(), w->pad_right(), w->dilation_h(), w->dilation_w()};
  }

  Encoding encoding(const schema::Encoding* e) { return {copied(e->coefficients()), e->bias(), e->lowest(), e->highest()}; }

  Layer read_layer(const schema::Node& node, const std::string& name) {
    switch (node.layer_type()) {
      case schema::Layer::Input:
        return input(*node.layer_as_Input(), name);
      case schema::Layer::Dot:
        return dot(*node.layer_as_Dot(), name);
      case schema::Layer::Threshold:
        return threshold(*node.layer_as_Threshold());
      case schema::Layer::MaxPool:
        return MaxPool{window(node.layer_as_MaxPool()->window())};
      case schema::Layer::SumPool:
        return SumPool{window(node.layer_as_SumPool()->window())};
      case schema::Layer::Add:
        return Add{copied(node.layer_as_Add()->multipliers())};
      case schema::Layer::Concat:
        return Concat{};
      case schema::Layer::Slice:
        return Slice{node.layer_as_Slice()->begin(), node.layer_as_Slice()->end()};
      case schema::Layer::Reshape:
        return Reshape{shape(node.layer_as_Reshape()->shape()), node.layer_as_Reshape()->channels_first()};
      case schema::Layer::DepthToSpace:
        return DepthToSpace{node.layer_as_DepthToSpace()->block(), node.layer_as_DepthToSpace()->column_row_depth()};
      case schema::Layer::Upsample:
        return Upsample{node.layer_as_Upsample()->factor_h(), node.layer_as_Upsample()->factor_w()};
      case schema::Layer::Output:
        return Output{copied(node.layer_as_Output()->scale()), copied(node.layer_as_Output()->offset())};
      case schema::Layer::TopK:
        return TopK{node.layer_as_TopK()->k()};
      case schema::Layer::NONE:
        break;
    }
    // The tag is a byte of the file: it may have no name here.
    throw Error("node '{}': is of an unknown kind ({})", name, static_cast<int>(node.layer_type()));
  }

  Input input(const schema::Input& file, const std::string& name) {
    if ((file.encoding() == nullptr) == (file.range() == nullptr)) {
      throw Error("node '{}': expected either an encoding or a range", name);
    }
    Input input;
    input.shape = shape(file.shape());
    if (file.encoding() != nullptr) {
      input.element = encoding(file.encoding());
    } else {
      input.element = Range{file.range()->lowest(), file.range()->highest()};
    }
    if (file.real() != nullptr) {
      input.real = RealQuantizer{file.real()->rows(), copied(file.real()->thresholds()), copied(file.real()->descending())};
    }
    return input;
  }

  Dot dot(const schema::Dot& file, const std::string& name) {
    Dot dot;
    dot.window = window(file.window());
    dot.groups = file.groups();
    dot.encoding = encoding(file.encoding());
    const auto* words = file.words();
    charge(words->size() * sizeof(uint64_t));  // not copied, but every reference costs the time to read them
    if (reinterpret_cast<uintptr_t>(words->Data()) % alignof(uint64_t) != 0) {
      throw Error("node '{}': its weights do not lie at a multiple of 8 bytes", name);
    }
    const std::span<const uint64_t> view(reinterpret_cast<const uint64_t*>(words->Data()), words->size());
    try {
      dot.weights = BitMatrix(file.rows(), file.columns(), dot.encoding.planes(), view, owner_);
    } catch (const Error& fault) {
      throw Error("node '{}': {}", name, fault.what());
    }
    return dot;
  }

  Threshold threshold(const schema::Threshold& file) {
    Threshold threshold;
    threshold.encoding = encoding(file.encoding());
    threshold.rows = file.rows();
    threshold.thresholds = copied(file.thresholds());
    threshold.descending = copied(file.descending());
    return threshold;
  }

  std::shared_ptr<const void> owner_;
  size_t budget_;
};

const schema::Network& verified(std::span<const std::byte> bytes) {
  if (!is_bloom(bytes)) throw Error("is not a .bloom file: expected \"BLOM\" at byte 4");
  if (static_cast<int64_t>(bytes.size()) > kMaxBloomBytes) {
    throw Error("is {} bytes long; a .bloom file has at most {}", bytes.size(), kMaxBloomBytes);
  }
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size(), kMaxDepth, kMaxTables);
  if (!schema::VerifyNetworkBuffer(verifier))
    throw Error("is damaged or cut off: its structure is not that of a .bloom file");
  const schema::Network& network = *schema::GetNetwork(data);
  if (network.version() != kBloomVersion) {
    throw Error("has format version {}; this bitloom reads version {}, so a {} bitloom is needed", network.version(),
                kBloomVersion, network.version() > kBloomVersion ? "newer" : "different");
  }
  return network;
}

}  // namespace

bool is_bloom(std::span<const std::byte> bytes) {
  return bytes.size() >= kSmallestFile && std::memcmp(bytes.data() + 4, schema::NetworkIdentifier(), 4) == 0;
}

Network load(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string_view name) {
  BITLOOM_CHECK(reinterpret_cast<uintptr_t>(bytes.data()) % alignof(uint64_t) == 0);
  try {
    Network network = Reader(bytes, std::move(owner)).read(verified(bytes));
    verify(network);
    return network;
  } catch (const Error& fault) {
    throw Error("{}: {}", name, fault.what());
  }
}

Network load(const std::filesystem::path& path) {
  const MappedFile file = map_file(path);
  return load(file.bytes, file.owner, path.string());
}

}  // namespace bitloom::ir
