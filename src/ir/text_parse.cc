// SPDX-License-Identifier: Apache-2.0
//
// Reads the text form (docs/reference/text-form.md), line by line. Every layer goes through Network::add, which checks what
// it means; this file only reads what it says. Nothing is allocated for a count that the text merely claims, except for
// `seed(n)`, which has a budget.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "bitloom/ir.h"
#include "random.h"
#include "text_cursor.h"

namespace bitloom::ir {
namespace {

constexpr int64_t kMaxSeeded = int64_t{1} << 24;  // weights and thresholds that seed(n) may fill in, in one text

class Parser {
 public:
  Network read(std::string_view text) {
    for (int64_t number = 1; !text.empty(); ++number) {
      const size_t end = text.find('\n');
      line(TextCursor(text.substr(0, end), number));
      text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    if (!named_) throw Error("the text has no network: expected a line 'network \"NAME\"'");
    if (network_.outputs.empty()) throw Error("network '{}': expected a line 'output %ID ...' at the end", network_.name);
    verify(network_);
    return std::move(network_);
  }

 private:
  void line(TextCursor cursor) {
    if (cursor.at_end()) return;
    if (!named_) {
      if (!cursor.accept("network")) cursor.fail("'network \"NAME\"' as the first line");
      network_.name = cursor.quoted();
      named_ = true;
    } else if (cursor.accept("%")) {
      node(cursor);
    } else if (network_.outputs.empty() && cursor.accept("output")) {
      do {
        network_.outputs.push_back(reference(cursor));
      } while (!cursor.at_end());
    } else if (network_.classes.empty() && cursor.accept("classes")) {
      do {
        network_.classes.push_back(cursor.quoted());
      } while (!cursor.at_end());
    } else {
      cursor.fail("'%ID = LAYER ...', one line 'output %ID ...' or one line 'classes \"NAME\" ...'");
    }
    cursor.expect_end();
  }

  void node(TextCursor& cursor) {
    const std::string_view id = cursor.word("an id after '%'");
    if (ids_.contains(id)) throw cursor.error(fmt::format("%{} is defined twice", id));
    cursor.expect("=");
    TextCursor at_kind = cursor;
    const std::string_view kind = cursor.word("the kind of a layer");
    const auto reader = std::find_if(kReaders.begin(), kReaders.end(), [&](const Reader& r) { return r.kind == kind; });
    if (reader == kReaders.end()) at_kind.fail("the kind of a layer (input, dot, threshold, max_pool, ...)");

    std::string name = cursor.at("\"") ? cursor.quoted() : std::string(id);
    if (!names_.insert(name).second) throw cursor.error(fmt::format("another node is called '{}'", name));
    inputs_.clear();
    while (cursor.at("%")) inputs_.push_back(reference(cursor));
    Layer layer = (this->*reader->read)(cursor);
    try {
      ids_.emplace(id, network_.add(std::move(name), std::move(layer), inputs_));
    } catch (const Error& fault) {
      throw cursor.error(fault.what());
    }
  }

  NodeId reference(TextCursor& cursor) {
    cursor.expect("%");
    const std::string_view id = cursor.word("an id after '%'");
    const auto found = ids_.find(id);
    if (found == ids_.end()) throw cursor.error(fmt::format("%{} is not defined above", id));
    return found->second;
  }

  Layer input(TextCursor& cursor) {
    Input input;
    input.shape = shape(cursor);
    if (cursor.accept("range(")) {
      Range range;
      range.lowest = cursor.integer<int32_t>("the lowest value");
      cursor.expect("..");
      range.highest = cursor.integer<int32_t>("the highest value");
      cursor.expect(")");
      input.element = range;
      return input;
    }
    input.element = read_encoding(cursor);
    if (cursor.accept("real")) {
      RealQuantizer& real = input.real.emplace();
      real.rows = row_count(cursor);
      const size_t count = std::get<Encoding>(input.element).levels().size() - 1;
      const auto number = [&cursor] { return cursor.real<float>("a threshold or ']'"); };
      for (int32_t row = 0; row < real.rows; ++row) {
        real.descending.push_back(cursor.accept("desc"));
        read_row(cursor, count, number, real.thresholds);
      }
    }
    return input;
  }

  Layer dot(TextCursor& cursor) {
    Dot dot;
    dot.encoding = read_encoding(cursor);
    const auto rows = cursor.integer<int64_t>("the rows and columns of the weights (64x784)", 1, kMaxElements);
    cursor.expect("x");
    const auto columns = cursor.integer<int64_t>("the columns of the weights", 1, kMaxElements);
    if (rows > kMaxElements / columns) {
      throw cursor.error(
          fmt::format("a layer of {}x{} weights is larger than the {} allowed", rows, columns, kMaxElements));
    }
    dot.window = window(cursor);
    if (cursor.accept("groups=")) dot.groups = cursor.integer<int32_t>("the number of groups");
    cursor.expect("weights=");
    if (cursor.accept("-"))
      throw cursor.error("the weights were left out when this text was printed; it cannot be read back");
    if (cursor.accept("hex:")) {
      dot.weights = hex(cursor, rows, columns, dot.encoding.planes());
    } else {
      Random random = seed(cursor, rows * columns, "hex:... or seed(N)");
      const std::vector<uint32_t> in_use = codes_in_use(dot.encoding);
      std::vector<uint32_t> codes(static_cast<size_t>(rows * columns));
      for (uint32_t& code : codes) code = random.pick(in_use);
      dot.weights = BitMatrix(rows, columns, dot.encoding.planes(), codes);
    }
    return dot;
  }

  Layer threshold(TextCursor& cursor) {
    Threshold threshold;
    threshold.encoding = read_encoding(cursor);
    threshold.rows = row_count(cursor);
    const size_t count = threshold.encoding.levels().size() - 1;
    if (cursor.at("seed")) {
      if (inputs_.size() != 1) throw cursor.error("seed(N) needs the one input whose range the thresholds are drawn from");
      Random random = seed(cursor, threshold.rows * static_cast<int64_t>(count), "seed(N)");
      const Range range = network_.nodes[static_cast<size_t>(inputs_[0])].type.range();
      for (int32_t row = 0; row < threshold.rows; ++row) {
        const std::vector<int32_t> values = ascending_thresholds(random, range, count);
        threshold.thresholds.insert(threshold.thresholds.end(), values.begin(), values.end());
        threshold.descending.push_back(0);
      }
      return threshold;
    }
    const auto number = [&cursor] { return cursor.integer<int32_t>("a threshold or ']'"); };
    for (int32_t row = 0; row < threshold.rows; ++row) {
      threshold.descending.push_back(cursor.accept("desc"));
      read_row(cursor, count, number, threshold.thresholds);
    }
    return threshold;
  }

  Layer max_pool(TextCursor& cursor) { return MaxPool{window(cursor)}; }
  Layer sum_pool(TextCursor& cursor) { return SumPool{window(cursor)}; }

  Layer add(TextCursor& cursor) {
    Add add;
    if (cursor.accept("multipliers=")) {
      do {
        add.multipliers.push_back(cursor.integer<int32_t>("a multiplier"));
      } while (cursor.accept(","));
    } else {
      add.multipliers.assign(inputs_.size(), 1);
    }
    return add;
  }

  Layer concat(TextCursor&) { return Concat{}; }

  Layer slice(TextCursor& cursor) {
    Slice slice;
    cursor.expect("begin=");
    slice.begin = cursor.integer<int32_t>("the first channel");
    cursor.expect("end=");
    slice.end = cursor.integer<int32_t>("the channel after the last");
    return slice;
  }

  Layer reshape(TextCursor& cursor) {
    const Shape to = shape(cursor);
    return Reshape{to, cursor.accept("channels_first")};
  }

  Layer depth_to_space(TextCursor& cursor) {
    cursor.expect("block=");
    const auto block = cursor.integer<int32_t>("the size of a block");
    return DepthToSpace{block, cursor.accept("column_row_depth")};
  }

  Layer upsample(TextCursor& cursor) {
    Upsample upsample;
    cursor.expect("factor=");
    pair(cursor, upsample.factor_h, upsample.factor_w);
    return upsample;
  }

  Layer output(TextCursor& cursor) {
    Output output;
    if (cursor.accept("scale=")) output.scale = reals(cursor);
    if (cursor.accept("offset=")) output.offset = reals(cursor);
    return output;
  }

  Layer top_k(TextCursor& cursor) {
    cursor.expect("k=");
    return TopK{cursor.integer<int32_t>("the number of entries")};
  }

  static Shape shape(TextCursor& cursor) {
    constexpr std::string_view kExpected = "a shape (height x width x channels, as 28x28x1)";
    Shape shape;
    shape.height = cursor.integer<int32_t>(kExpected);
    cursor.expect("x");
    shape.width = cursor.integer<int32_t>(kExpected);
    cursor.expect("x");
    shape.channels = cursor.integer<int32_t>(kExpected);
    return shape;
  }

  static void pair(TextCursor& cursor, int32_t& h, int32_t& w) {
    h = cursor.integer<int32_t>("height and width (3x3)");
    cursor.expect("x");
    w = cursor.integer<int32_t>("the width");
  }

  static Window window(TextCursor& cursor) {
    Window window;
    if (cursor.accept("kernel=")) pair(cursor, window.kernel_h, window.kernel_w);
    if (cursor.accept("stride=")) pair(cursor, window.stride_h, window.stride_w);
    if (cursor.accept("pads=")) {
      window.pad_top = cursor.integer<int32_t>("the pads top,left,bottom,right");
      cursor.expect(",");
      window.pad_left = cursor.integer<int32_t>("the left pad");
      cursor.expect(",");
      window.pad_bottom = cursor.integer<int32_t>("the bottom pad");
      cursor.expect(",");
      window.pad_right = cursor.integer<int32_t>("the right pad");
    }
    if (cursor.accept("dilation=")) pair(cursor, window.dilation_h, window.dilation_w);
    return window;
  }

  static std::vector<double> reals(TextCursor& cursor) {
    std::vector<double> values;
    do {
      values.push_back(cursor.real<double>("a number"));
    } while (cursor.accept(","));
    return values;
  }

  static int32_t row_count(TextCursor& cursor) {
    return cursor.accept("rows=") ? cursor.integer<int32_t>("the number of rows", 1) : 1;
  }

  // Counted here, since rows of wrong lengths could add up to the right sum.
  template <typename Number, typename T>
  static void read_row(TextCursor& cursor, size_t expected, const Number& number, std::vector<T>& thresholds) {
    cursor.expect("[");
    const size_t before = thresholds.size();
    while (!cursor.accept("]")) thresholds.push_back(number());
    const size_t found = thresholds.size() - before;
    if (found != expected) {
      throw cursor.error(fmt::format("a row has {} thresholds, expected {}, one less than the levels", found, expected));
    }
  }

  static BitMatrix hex(TextCursor& cursor, int64_t rows, int64_t columns, int planes) {
    const int64_t words_a_row = (columns + 63) / 64 * planes;
    if (static_cast<int64_t>(cursor.size()) < rows * words_a_row * 16) {
      throw cursor.error(
          fmt::format("{}x{} weights in {} planes take {} words of 16 hexadecimal digits; the line ends before", rows,
                      columns, planes, rows * words_a_row));
    }
    const auto words = std::make_shared<std::vector<uint64_t>>();
    words->reserve(static_cast<size_t>(rows * words_a_row));
    for (int64_t row = 0; row < rows; ++row) {
      if (row != 0) cursor.expect(",");
      for (int64_t i = 0; i < words_a_row; ++i) words->push_back(cursor.hex_word());
    }
    try {
      return BitMatrix(rows, columns, planes, *words, words);
    } catch (const Error& fault) {
      throw cursor.error(fault.what());
    }
  }

  // A short text may ask for many numbers, so all of them together are bounded.
  Random seed(TextCursor& cursor, int64_t numbers, std::string_view expected) {
    if (!cursor.accept("seed(")) cursor.fail(expected);
    const auto value = cursor.integer<uint64_t>("the seed");
    cursor.expect(")");
    if (numbers > kMaxSeeded - seeded_) {
      throw cursor.error(fmt::format("seed() would fill in more than {} numbers in this text", kMaxSeeded));
    }
    seeded_ += numbers;
    return Random(value);
  }

  struct Reader {
    std::string_view kind;
    Layer (Parser::*read)(TextCursor&);
  };
  static const std::array<Reader, std::variant_size_v<Layer>> kReaders;

  Network network_;
  std::map<std::string_view, NodeId> ids_;  // views of the text
  std::set<std::string> names_;
  std::vector<NodeId> inputs_;  // of the node that is being read
  int64_t seeded_ = 0;
  bool named_ = false;
};

constexpr std::array<Parser::Reader, std::variant_size_v<Layer>> Parser::kReaders = {{
    {"input", &Parser::input},
    {"dot", &Parser::dot},
    {"threshold", &Parser::threshold},
    {"max_pool", &Parser::max_pool},
    {"sum_pool", &Parser::sum_pool},
    {"add", &Parser::add},
    {"concat", &Parser::concat},
    {"slice", &Parser::slice},
    {"reshape", &Parser::reshape},
    {"depth_to_space", &Parser::depth_to_space},
    {"upsample", &Parser::upsample},
    {"output", &Parser::output},
    {"top_k", &Parser::top_k},
}};

}  // namespace

Network parse(std::string_view text) { return Parser().read(text); }

}  // namespace bitloom::ir
