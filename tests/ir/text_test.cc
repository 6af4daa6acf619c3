// SPDX-License-Identifier: Apache-2.0
//
// The text form: reads back as it was, says what is wrong and where, and survives any text.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "bitloom/file.h"
#include "bitloom/ir.h"
#include "support/property.h"

namespace bitloom::ir {
namespace {

constexpr const char* kSmall = R"(network "small"
%0 = input "pixels" 2x2x1 unsigned8
%1 = threshold "binarize" %0 bipolar [128]
%2 = dot "conv" %1 bipolar 2x4 kernel=2x2 weights=hex:0000000000000005,000000000000000f
%3 = threshold "act" %2 ternary rows=2 [-1 1] desc[0 4]
%4 = dot "fc" %3 signed2 3x2 weights=hex:00000000000000010000000000000002,00000000000000030000000000000000,00000000000000000000000000000001
%5 = output "logits" %4 scale=0.25 offset=-1,0,1.5
%6 = top_k "class" %5 k=1
output %5 %6
classes "a" "b \"quoted\"" "c"
)";

std::string error_of(std::string_view text) {
  try {
    parse(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// The message for one line after two good ones.
std::string error_of_line(const std::string& line) {
  return error_of("network \"n\"\n%0 = input 4x4x2 unsigned2\n" + line + "\noutput %1\n");
}

std::string encoding_error(std::string_view text) {
  try {
    parse_encoding(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Text, small_network_prints_as_it_was_written) { EXPECT_EQ(print(parse(kSmall)), kSmall); }

TEST(Text, example_in_the_documentation_can_be_read) {
  const auto bytes = read_file(std::filesystem::path(BITLOOM_SOURCE_DIR) / "docs/reference/text-form.md");
  const std::string_view document(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const size_t begin = document.find("```\n") + 4;
  const Network network = parse(document.substr(begin, document.find("```", begin) - begin));
  EXPECT_EQ(network.classes, (std::vector<std::string>{"cat", "dog", "ship"}));
}

TEST(Text, reads_back_what_it_prints_Property) {
  for (uint64_t seed = 0; seed < test::cases(150); ++seed) {
    const Network network = random_network(seed);
    ASSERT_EQ(parse(print(network)), network) << "seed " << seed;
  }
}

TEST(Text, names_with_any_bytes_read_back) {
  Network network = parse(kSmall);
  network.name = std::string("\0\x01\t\n\r\"\\#%\x7f\xff zwölf", 18);
  network.nodes[0].name = "# no \"comment\"";
  network.classes = {"", " ", "\\x41", std::string(1, '\0')};
  EXPECT_EQ(parse(print(network)), network);
  EXPECT_NE(print(network).find(R"("\x00\x01\x09\n\x0d\"\\#%\x7f)"), std::string::npos);
}

TEST(Text, real_numbers_read_back_exactly_Property) {
  Network network = parse(kSmall);
  std::mt19937_64 bits(1);
  for (uint64_t i = 0; i < test::cases(200); ++i) {
    Output& output = std::get<Output>(network.nodes[5].layer);
    output.scale = {std::bit_cast<double>(bits())};
    output.offset = {std::numeric_limits<double>::denorm_min(), -std::numeric_limits<double>::max(), 0.1 + 0.2};
    if (!std::isfinite(output.scale[0])) continue;
    ASSERT_EQ(parse(print(network)), network) << output.scale[0];
  }
}

TEST(Text, infinite_real_thresholds_read_back) {
  const std::string text = R"(network "n"
%0 = input "x" 1x1x2 unsigned2 real rows=2 [-inf 0.1 inf] desc[1e-45 0 -3.4028235e+38]
output %0
)";
  EXPECT_EQ(print(parse(text)), text);
}

TEST(Text, omitted_weights_show_sizes_only_and_cannot_be_read) {
  const std::string text = print(parse(kSmall), WeightText::kOmitted);
  EXPECT_NE(text.find("%2 = dot \"conv\" %1 bipolar 2x4 kernel=2x2 weights=-\n"), std::string::npos);
  EXPECT_EQ(error_of(text), "line 4: the weights were left out when this text was printed; it cannot be read back");
}

TEST(Text, blanks_comments_and_names_left_out_are_allowed) {
  const Network network = parse(
      "\n# a comment\n  network \"n\" # another\r\n\t%in = input 1x1x3 range( -5 .. 9 )\n"
      "%sum = add %in %in multipliers=2, -1 # the end\noutput %sum");
  EXPECT_EQ(network.nodes[1].name, "sum");
  EXPECT_EQ(network.nodes[1].type, (TensorType{{1, 1, 3}, Range{-19, 23}}));
  EXPECT_EQ(parse(print(network)), network);
}

TEST(Text, seed_fills_in_the_same_numbers_each_time) {
  constexpr const char* kSeeded = R"(network "n"
%0 = input "x" 1x1x70 ternary
%1 = dot "d" %0 planes(3,-2;1;-1..4) 5x70 weights=seed(3)
%2 = threshold "t" %1 unsigned2 rows=5 seed(4)
output %2
)";
  const Network network = parse(kSeeded);
  EXPECT_EQ(network, parse(kSeeded));
  EXPECT_EQ(parse(print(network)), network);
  const Threshold& threshold = std::get<Threshold>(network.nodes[2].layer);
  const Range range = network.nodes[1].type.range();
  for (size_t row = 0; row < 5; ++row) {
    EXPECT_GE(threshold.thresholds[row * 3], range.lowest);
    EXPECT_LE(threshold.thresholds[row * 3 + 2], range.highest);
  }
  EXPECT_EQ(threshold.thresholds,
            (std::vector<int32_t>{-53, -49, 0, -137, -71, 60, -143, -36, 17, -107, -73, -53, -55, 82, 92}));
}

TEST(Text, errors_name_the_line_and_what_was_expected) {
  EXPECT_EQ(error_of(""), "the text has no network: expected a line 'network \"NAME\"'");
  EXPECT_EQ(error_of("# x\nnet"), "line 2: expected 'network \"NAME\"' as the first line, found 'net'");
  EXPECT_EQ(error_of("network small"), "line 1: expected a name in quotes, found 'small'");
  EXPECT_EQ(error_of("network \"small"), "line 1: expected a closing quote on this line, found '\"small'");
  EXPECT_EQ(error_of("network \"a\\q\""), "line 1: expected \\\", \\\\, \\n or \\xHH, found '\\q\"'");
  EXPECT_EQ(error_of("network \"n\"\n%0 = input 1x1x1 bipolar\n"),
            "network 'n': expected a line 'output %ID ...' at the end");
  EXPECT_EQ(error_of_line("%1 = dense %0"),
            "line 3: expected the kind of a layer (input, dot, threshold, max_pool, ...), found 'dense'");
  EXPECT_EQ(error_of_line("%0 = concat %0"), "line 3: %0 is defined twice");
  EXPECT_EQ(error_of_line("%1 = concat \"0\" %0"), "line 3: another node is called '0'");
  EXPECT_EQ(error_of_line("%1 = concat %2"), "line 3: %2 is not defined above");
  EXPECT_EQ(error_of_line("%1 = concat %0 block=2"), "line 3: expected the end of the line, found 'block=2'");
  EXPECT_EQ(error_of_line("%1 = slice %0 begin=0"), "line 3: expected 'end=', found the end of the line");
  EXPECT_EQ(error_of_line("%1 = max_pool %0 kernel=2"), "line 3: expected 'x', found the end of the line");
  EXPECT_EQ(error_of_line("%1 = threshold %0 octal [1]"),
            "line 3: expected an encoding (bipolar, unsigned4, signed2, signed2n, ternary, isometric3, "
            "planes(3,2;-5;-5..0)), found 'octal'");
  EXPECT_EQ(error_of_line("%1 = threshold %0 unsigned2 rows=2 [1 2] [1 2 3 4]"),
            "line 3: a row has 2 thresholds, expected 3, one less than the levels");
  EXPECT_EQ(error_of_line("%1 = threshold %0 bipolar [99999999999]"),
            "line 3: expected a threshold or ']', found '99999999999]'");
  EXPECT_EQ(error_of_line("%1 = threshold %0 unsigned2 [3 2 1]"),
            "line 3: node '1' (threshold): thresholds of row 0 are not ascending");
  EXPECT_EQ(error_of_line("%1 = dot %0 bipolar 1x2 weights=hex:1"),
            "line 3: 1x2 weights in 1 planes take 1 words of 16 hexadecimal digits; the line ends before");
  EXPECT_EQ(error_of_line("%1 = dot %0 bipolar 1x2 weights=hex:000000000000000G"),
            "line 3: expected 16 hexadecimal digits (0-9, a-f) for each word of weights, found '000000000000000G'");
  EXPECT_EQ(error_of_line("%1 = dot %0 bipolar 1x2 weights=hex:0000000000000004"),
            "line 3: weights: a bit past the 2 columns of a row is set");
  EXPECT_EQ(error_of_line("%1 = dot %0 bipolar 1x2"), "line 3: expected 'weights=', found the end of the line");
  EXPECT_EQ(error_of_line("return %0"),
            "line 3: expected '%ID = LAYER ...', one line 'output %ID ...' or one line 'classes \"NAME\" ...', found "
            "'return'");
}

TEST(Text, claims_of_size_are_checked_before_anything_is_allocated_bad) {
  EXPECT_EQ(error_of_line("%1 = dot %0 bipolar 268435456x268435456 weights=seed(1)"),
            "line 3: a layer of 268435456x268435456 weights is larger than the 268435456 allowed");
  EXPECT_EQ(error_of_line("%1 = dot %0 bipolar 134217728x2 weights=seed(1)"),
            "line 3: seed() would fill in more than 16777216 numbers in this text");
  EXPECT_EQ(error_of_line("%1 = threshold %0 unsigned16 rows=2147483647 seed(1)"),
            "line 3: seed() would fill in more than 16777216 numbers in this text");
  EXPECT_EQ(error_of_line("%1 = dot %0 unsigned16 1x268435456 weights=hex:00"),
            "line 3: 1x268435456 weights in 16 planes take 67108864 words of 16 hexadecimal digits; the line ends before");
}

TEST(Text, every_truncation_parses_or_is_refused) {
  const std::string text = kSmall;
  for (size_t size = 0; size < text.size(); ++size) {
    try {
      verify(parse(text.substr(0, size)));
    } catch (const Error&) {
    }
  }
}

TEST(Text, every_changed_character_parses_or_is_refused) {
  for (size_t i = 0; i < std::string_view(kSmall).size(); ++i) {
    for (const char c : {'\0', ' ', '\n', '"', '9', '-', ']', 'x', '%'}) {
      std::string text = kSmall;
      text[i] = c;
      try {
        verify(parse(text));
      } catch (const Error&) {
      }
    }
  }
}

TEST(EncodingText, names_are_the_usual_ones) {
  EXPECT_EQ(print(Encoding::bipolar()), "bipolar");
  EXPECT_EQ(print(Encoding::isometric(1)), "bipolar");
  EXPECT_EQ(print(Encoding::unsigned_bits(4)), "unsigned4");
  EXPECT_EQ(print(Encoding::signed_bits(2)), "signed2");
  EXPECT_EQ(print(Encoding::signed_bits(2, true)), "signed2n");
  EXPECT_EQ(print(Encoding::ternary()), "ternary");
  EXPECT_EQ(print(Encoding::isometric(3)), "isometric3");
  EXPECT_EQ(print(Encoding::residual(std::vector<int32_t>{5, 2})), "planes(10,4;-7;-7..7)");
  EXPECT_EQ(print(Encoding::affine(3, -2, 2)), "planes(3,6;-2;-2..4)");
}

TEST(EncodingText, reads_back_what_it_prints) {
  for (int bits = 1; bits <= kMaxPlanes; ++bits) {
    EXPECT_EQ(parse_encoding(print(Encoding::unsigned_bits(bits))), Encoding::unsigned_bits(bits));
    EXPECT_EQ(parse_encoding(print(Encoding::signed_bits(bits))), Encoding::signed_bits(bits));
    EXPECT_EQ(parse_encoding(print(Encoding::isometric(bits))), Encoding::isometric(bits));
    const Encoding narrow = Encoding::signed_bits(std::max(bits, 2), true);
    EXPECT_EQ(parse_encoding(print(narrow)), narrow);
    EXPECT_EQ(parse_encoding(print(Encoding::affine(7, -100, bits))), Encoding::affine(7, -100, bits));
  }
  EXPECT_EQ(parse_encoding(print(Encoding::ternary())), Encoding::ternary());
  EXPECT_EQ(parse_encoding(print(Encoding::bipolar())), Encoding::bipolar());
}

TEST(EncodingText, other_text_is_refused_bad) {
  const std::string expected =
      "expected an encoding (bipolar, unsigned4, signed2, signed2n, ternary, isometric3, planes(3,2;-5;-5..0)), ";
  EXPECT_EQ(encoding_error(""), expected + "found the end of the line");
  EXPECT_EQ(encoding_error("unsigned"), expected + "found 'unsigned'");
  EXPECT_EQ(encoding_error("unsigned17"), expected + "found '17'");
  EXPECT_EQ(encoding_error("unsigned2n"), expected + "found 'unsigned2n'");
  EXPECT_EQ(encoding_error("signed1n"), expected + "found 'signed1n'");
  EXPECT_EQ(encoding_error("isometric3x"), expected + "found 'isometric3x'");
  EXPECT_EQ(encoding_error("bipolar4"), expected + "found 'bipolar4'");
  EXPECT_EQ(encoding_error("bipolar 4"), "expected the end of the line, found '4'");
  EXPECT_EQ(encoding_error("planes(1;0;0..2)"), "encoding: no code means 2, an end of its range");
  EXPECT_EQ(encoding_error("planes(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1;0;0..1)"), "expected ';', found ',1;0;0..1)'");
}

}  // namespace
}  // namespace bitloom::ir
