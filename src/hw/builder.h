// SPDX-License-Identifier: Apache-2.0
//
// Makes the Structure of a network: one walk over the nodes; each takes the streams that it reads from those before it.
//
// The walk and the streams are in structure.cc, Dot layers in build_dot.cc, thresholds in build_threshold.cc, pools in
// build_pool.cc, what moves or compares elements in build_layout.cc and build_classes.cc.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "element.h"
#include "structure.h"

namespace bitloom::hw {

/// A stream that is still to be connected.
struct Tap {
  End from;
  int32_t variable = 0;
  int32_t depth = 0;
  bool late = false;  ///< its first word may need a whole frame of the tensor it comes from
};

/// Tensors of a node: one tap a reader.
struct StreamedTensor {
  Element element;
  std::vector<Tap> taps;
};

class Builder {
 public:
  explicit Builder(const ir::Network& network);
  Structure build();

 private:
  const ir::Node& node(ir::NodeId id) const { return network_.nodes[static_cast<size_t>(id)]; }
  const ir::Node& node() const { return node(id_); }
  const ir::Node& source(size_t input = 0) const { return node(node().inputs[input]); }
  StreamedTensor& tensor(ir::NodeId id) { return tensors_[static_cast<size_t>(id)]; }
  bool is_input(ir::NodeId id) const { return std::holds_alternative<ir::Input>(node(id).layer); }

  void count_uses();
  int32_t variable() const;
  std::string unique(std::string name);
  int32_t add(const std::string& suffix, UnitKind kind, int32_t of, Lanes lanes, int64_t granule, int32_t depth);
  int32_t connect(const Tap& tap, End to, const Element& element);
  /// A frame, at this end.
  int64_t elements(const End& from) const;
  /// What the lanes of this end divide.
  int64_t granule(const End& from) const;

  /// The next reader's stream of a tensor.
  Tap take(ir::NodeId id);
  /// The tensor of this node is what comes out of `tap`; forks as many streams as there are readers.
  void put(Tap tap, Element element);
  /// A unit with one input and one output; the tap behind it.
  Tap pass(const Tap& tap, const Element& element, const std::string& suffix, UnitKind kind, int64_t granule,
           int64_t out_elements, Lanes lanes = Lanes::kPe, int32_t of = -1);
  /// A unit that takes a word of either or the other. The one that comes sooner gets a FIFO that holds a frame.
  Tap join(const Tap& first, const Element& first_element, const Tap& second, const Element& second_element,
           const std::string& suffix, UnitKind kind, int64_t granule, int64_t out_elements);

  void make(const ir::Input& layer);
  void make(const ir::Output& layer);
  void make(const ir::Dot& layer);
  void make(const ir::Threshold& layer);
  void make(const ir::MaxPool& layer);
  void make(const ir::SumPool& layer);
  void make(const ir::Add& layer);
  void make(const ir::Concat& layer);
  void make(const ir::Slice& layer);
  void make(const ir::Reshape& layer);
  void make(const ir::DepthToSpace& layer);
  void make(const ir::Upsample& layer);
  void make(const ir::TopK& layer);

  /// True if one Threshold and nothing else reads the Dot.
  bool fuses(ir::NodeId dot) const;
  void dot_with(const ir::Dot& dot, ir::NodeId dot_id, const ir::Threshold* threshold);
  /// Gives elements a code for 0, if their encoding (none: plain integers) lacks one, and says which it is.
  Tap with_zero_code(const Tap& tap, const ir::Node& image, Element& element, uint32_t& zero, Lanes by, int32_t of);
  /// Words of windows, one after another; `channels_first` as Window::depthwise has it.
  Tap windowed(const Tap& tap, const Element& element, const ir::Window& window, const ir::Node& image,
               const ir::Shape& result, uint32_t pad_code, bool channels_first, Lanes by, int32_t of);
  /// Makes sure that codes are ordered as their values; where they are not, they become the numbers of their levels.
  Tap with_order(const Tap& tap, const ir::Encoding& encoding, Element& element, Order& order);
  /// True if the pools lie side by side and the unit needs no window in front of it.
  bool pools_directly(const ir::Window& window) const;
  /// The pool unit behind a window: each window is a row of one pool.
  template <typename Pool>
  Tap pool_windows(const Tap& tap, const Element& element, const ir::Window& window, Pool unit, uint32_t pad_code);
  Tap reorder(const Tap& tap, const Element& element, const std::string& suffix, Reorder unit, int64_t granule);
  Tap scaled(const Tap& tap, Element& element, const ir::Output& output, const ir::TensorType& type);

  const ir::Network& network_;
  Structure structure_;
  std::vector<StreamedTensor> tensors_;
  std::vector<int64_t> uses_;
  std::vector<int64_t> elements_;  ///< a frame, at the output of each part
  std::set<std::string> names_;
  ir::NodeId id_ = 0;
};

}  // namespace bitloom::hw
