// SPDX-License-Identifier: Apache-2.0
#include "bitloom/frames.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/property.h"

namespace bitloom::ir {
namespace {

std::vector<std::byte> stream_of(const std::vector<NamedType>& types, const std::vector<Tensor>& tensors) {
  std::vector<std::byte> bytes;
  FrameWriter writer([&](std::span<const std::byte> part) { bytes.insert(bytes.end(), part.begin(), part.end()); }, types);
  for (int64_t image = 0; image < tensors.front().images; ++image) {
    std::vector<std::span<const int32_t>> values;
    for (const Tensor& tensor : tensors) values.push_back(tensor.image(image));
    writer.write(values);
  }
  writer.finish();
  return bytes;
}

Source source_of(std::span<const std::byte> bytes) {
  return [bytes, done = size_t{0}](std::span<std::byte> part) mutable {
    const size_t count = std::min(part.size(), bytes.size() - done);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(done), count, part.begin());
    done += count;
    return count;
  };
}

// Types and values of a random network's inputs and outputs.
struct Example {
  std::vector<NamedType> types;
  std::vector<Tensor> tensors;
};

Example example(uint64_t seed) {
  const Network network = random_network(seed);
  Example result;
  result.tensors = random_inputs(network, 3, seed);
  for (const NodeId id : network.inputs()) {
    const Node& node = network.nodes[static_cast<size_t>(id)];
    result.types.push_back({node.name, node.type});
  }
  return result;
}

std::string message_of(std::span<const std::byte> bytes) {
  try {
    FrameReader reader(source_of(bytes), "pipe");
    std::vector<std::vector<int32_t>> images;
    while (reader.read(images)) {
    }
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Frames, PropertyWhatIsWrittenIsRead) {
  const uint64_t cases = test::cases(200);
  for (uint64_t seed = 0; seed < cases; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Example want = example(seed);
    const std::vector<std::byte> bytes = stream_of(want.types, want.tensors);
    FrameReader reader(source_of(bytes), "pipe");
    ASSERT_EQ(reader.tensors(), want.types);
    std::vector<std::vector<int32_t>> images;
    for (int64_t image = 0; image < 3; ++image) {
      ASSERT_TRUE(reader.read(images));
      for (size_t i = 0; i < images.size(); ++i) {
        ASSERT_TRUE(std::equal(images[i].begin(), images[i].end(), want.tensors[i].image(image).begin(),
                               want.tensors[i].image(image).end()));
      }
    }
    EXPECT_FALSE(reader.read(images));
    EXPECT_FALSE(reader.read(images)) << "the end stays the end";
  }
}

TEST(Frames, every_truncation_is_an_error) {
  const Example want = example(7);
  const std::vector<std::byte> bytes = stream_of(want.types, want.tensors);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_NE(message_of(std::span(bytes).first(length)), "") << length << " of " << bytes.size();
  }
}

TEST(Frames, flipped_bits_give_an_error_or_other_values_but_no_crash) {
  const Example want = example(3);
  std::vector<std::byte> bytes = stream_of(want.types, want.tensors);
  for (size_t i = 0; i < std::min<size_t>(bytes.size(), 400); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[i] ^= std::byte{1} << bit;
      message_of(bytes);
      bytes[i] ^= std::byte{1} << bit;
    }
  }
}

TEST(Frames, errors_name_the_stream_and_the_fault) {
  const Example want = example(3);
  const std::vector<std::byte> bytes = stream_of(want.types, want.tensors);
  EXPECT_EQ(message_of(std::as_bytes(std::span("PNG?", 4))),
            "pipe: is no stream of framed tensors; make one with `bitloom run MODEL INPUTS -o -`");
  std::vector<std::byte> newer = bytes;
  newer[4] = std::byte{9};
  EXPECT_EQ(message_of(newer), "pipe: has version 9 of the framed stream, this bitloom reads version 1");
  EXPECT_EQ(message_of(std::span(bytes).first(bytes.size() - 16)),
            "pipe: the stream ends after 3 images in the middle of one; whoever wrote it stopped early");
}

}  // namespace
}  // namespace bitloom::ir
