// SPDX-License-Identifier: Apache-2.0
//
// The page is well-formed, tells the numbers, escapes names, and carries its pictures; the metrics read back as written.
#include <cmath>
#include <string>
#include <vector>

#include <openssl/evp.h>

#include "synthetic.h"
#include "train/metrics.h"
#include "train/report.h"

namespace bitloom::train {
namespace {

using test::message_of;

TrainingReport sample() {
  TrainingReport report;
  report.name = "net <&> \"one\"";
  report.data = "shapes";
  report.recipe = R"({"name": "a < b"})";
  report.facts = {{"weights", "1234567"}, {"file & size", "<9> bytes"}};
  for (int64_t epoch = 1; epoch <= 5; ++epoch) {
    const auto e = static_cast<double>(epoch);
    report.epochs.push_back({epoch, 2 / e, 0.5 + e / 20, 0.4 + e / 20, 0.003, 10 * e});
  }
  report.classes = {"cat", "dog & co", "<ship>"};
  report.confusion = {70, 20, 10, 5, 85, 10, 0, 1, 99};
  report.weights = {{"conv0", -1, 1, {1, 5, 9, 5, 1}}, {"dense1", -1, 1, {0, 0, 0}}};
  report.activations = {{"conv0.act", {-3, -1, 1, 3}, {10, 20, 30, 40}}};
  report.height = 2;
  report.width = 3;
  report.channels = 3;
  report.mistakes = {{0, 1, std::vector<uint8_t>(18, 7)}, {2, 0, std::vector<uint8_t>(18, 200)}};
  report.mistakes[0].pixels[4] = 99;
  report.correct = 254;
  report.tested = 300;
  return report;
}

/// What keeps a page from being well-formed; "" if nothing does. Knows tags, attributes in double quotes and comments.
std::string fault_of(const std::string& page) {
  std::vector<std::string> open;
  size_t at = page.find("<html");
  while ((at = page.find('<', at)) != std::string::npos) {
    const size_t end = page.find('>', at);
    if (end == std::string::npos) return "a tag that does not end";
    std::string tag = page.substr(at + 1, end - at - 1);
    at = end;
    if (tag.starts_with("!--")) continue;
    if (tag.find('<') != std::string::npos) return "a tag within a tag: " + tag;
    const bool closes = tag.starts_with("/"), is_empty = tag.ends_with("/");
    const std::string name = tag.substr(closes, tag.find_first_of(" \n/", closes) - closes);
    if (closes) {
      if (open.empty() || open.back() != name)
        return "</" + name + "> where <" + (open.empty() ? "" : open.back()) + "> is open";
      open.pop_back();
    } else if (!is_empty) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> is left open";
}

bool has(const std::string& page, const std::string& text) { return page.find(text) != std::string::npos; }

TEST(Report, tells_the_numbers) {
  const std::string page = html(sample());
  EXPECT_EQ(fault_of(page), "");
  for (const char* text : {"84.67 %", "254", "300", "1234567", "conv0", "dense1", "cat", "99"})
    EXPECT_TRUE(has(page, text)) << text;
}

TEST(Report, needs_nothing_but_itself) {
  const std::string page = html(sample());
  for (const char* text : {"src=\"http", "href=\"http", "https:", "<link", "<iframe", "@import", "url("})
    EXPECT_FALSE(has(page, text)) << text;
}

TEST(Report, escapes_what_is_text) {
  const std::string page = html(sample());
  EXPECT_TRUE(has(page, "net &lt;&amp;&gt;"));
  EXPECT_TRUE(has(page, "dog &amp; co"));
  EXPECT_FALSE(has(page, "<ship>"));
  EXPECT_FALSE(has(page, "<9>"));
  EXPECT_TRUE(has(page, "a &lt; b"));
}

TEST(Report, pictures_are_the_pixels) {
  const std::string page = html(sample());
  const std::string mark = "data:image/png;base64,";
  size_t at = 0;
  for (const Mistake& mistake : sample().mistakes) {
    at = page.find(mark, at);
    ASSERT_NE(at, std::string::npos);
    at += mark.size();
    const std::string text = page.substr(at, page.find('"', at) - at);
    std::vector<unsigned char> bytes(text.size());
    ASSERT_GT(
        EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size())),
        0);
    const data::Images images = data::decode_image(std::as_bytes(std::span(bytes)), "mistake");
    EXPECT_EQ(images.height, 2);
    EXPECT_EQ(images.width, 3);
    EXPECT_EQ(images.pixels, mistake.pixels);
  }
  EXPECT_EQ(page.find(mark, at), std::string::npos);
}

TEST(Report, shows_no_more_mistakes_than_fit) {
  TrainingReport report = sample();
  report.mistakes.assign(100, report.mistakes[0]);
  const std::string page = html(report);
  size_t count = 0;
  for (size_t at = 0; (at = page.find("data:image/png", at)) != std::string::npos; ++at) ++count;
  EXPECT_EQ(count, kMostMistakes);
}

TEST(Report, empty_and_broken_trainings_have_pages) {
  EXPECT_EQ(fault_of(html({})), "");
  TrainingReport one = sample();
  one.epochs.resize(1);
  one.mistakes.clear();
  EXPECT_EQ(fault_of(html(one)), "");
  TrainingReport broken = sample();
  for (EpochRecord& record : broken.epochs) record.loss = record.train_accuracy = std::nan("");
  const std::string page = html(broken);
  EXPECT_EQ(fault_of(page), "");
  EXPECT_FALSE(has(page, "\"nan") || has(page, " nan,") || has(page, "Lnan"));
}

class MetricsTest : public test::TrainTest {};

TEST_F(MetricsTest, read_back_as_written) {
  const std::vector<EpochRecord> records = sample().epochs;
  write_metrics(folder_ / "m.jsonl", records);
  EXPECT_EQ(read_metrics(folder_ / "m.jsonl"), records);
  const std::vector<EpochRecord> nothing{{1, std::nan(""), 0, 0, 0.1, 1}};
  write_metrics(folder_ / "m.jsonl", nothing);
  EXPECT_TRUE(std::isnan(read_metrics(folder_ / "m.jsonl").at(0).loss));
}

TEST_F(MetricsTest, damage_is_named_by_its_line_bad) {
  write_metrics(folder_ / "m.jsonl", sample().epochs);
  const std::vector<std::byte> bytes = read_file(folder_ / "m.jsonl");
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto refusal = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    write_file(folder_ / "m.jsonl", changed);
    return message_of([&] { read_metrics(folder_ / "m.jsonl"); });
  };
  EXPECT_NE(refusal("{", "[").find("1"), std::string::npos);
  for (const auto& [from, to] : {std::pair{"\"loss\"", "\"los\""}, {"\"epoch\":2", "\"epoch\":1"}, {"0.003", "\"x\""}})
    EXPECT_NE(refusal(from, to), "") << from;
}

}  // namespace
}  // namespace bitloom::train
