// SPDX-License-Identifier: Apache-2.0
//
// bitloom demo: the shipped LFC network classifies real digits, whole and then cut in two processes joined by a pipe, and
// both ways give the same integers.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "common.h"
#include "process.h"
#include "zoo.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  std::string directory;
  bool json = false;
};

// Starts this program with other arguments.
pid_t start_self(std::vector<std::string> arguments, int in, int out) {
  arguments.insert(arguments.begin(), program_path().string());
  return start(std::move(arguments), in, out);
}

// Runs the halves as two processes joined by a pipe; the second writes its outputs to `result`.
void run_pipeline(const std::filesystem::path& first, const std::filesystem::path& second,
                  const std::filesystem::path& images, const std::filesystem::path& result) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw Error("cannot make a pipe: {}", std::strerror(errno));
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t a = start_self({"run", first, images, "-o", "-"}, null, pipe[1]);
  const pid_t b = start_self({"run", second, "-", "-o", result}, pipe[0], null);
  for (const int fd : {pipe[0], pipe[1], null}) ::close(fd);
  if (!succeeds(a)) throw Error("the first half failed");
  if (!succeeds(b)) throw Error("the second half failed");
}

// Two rows of pixels a line of text.
std::vector<std::string> draw(std::span<const uint8_t> pixels, int32_t height, int32_t width) {
  std::vector<std::string> lines;
  for (int32_t y = 0; y + 1 < height; y += 2) {
    std::string line;
    for (int32_t x = 0; x < width; ++x) {
      const bool upper = pixels[static_cast<size_t>(y * width + x)] >= 128;
      const bool lower = pixels[static_cast<size_t>((y + 1) * width + x)] >= 128;
      line += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
    }
    lines.push_back(line);
  }
  return lines;
}

void show_digits(const data::DataSet& digits, const std::vector<int32_t>& classes) {
  // The first digit that is misread is shown among them: a demonstration hides nothing.
  std::vector<int64_t> shown{0, 1, 2, 3};
  for (size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] != digits.labels[i]) {
      shown.back() = static_cast<int64_t>(i);
      break;
    }
  }
  std::vector<std::string> picture;
  std::string caption;
  for (const int64_t i : shown) {
    const auto lines = draw(digits.images.image(i), digits.images.height, digits.images.width);
    picture.resize(lines.size());
    for (size_t y = 0; y < lines.size(); ++y) picture[y] += lines[y] + " ";
    const auto index = static_cast<size_t>(i);
    const std::string text = fmt::format("{} is read as {}{}", digits.labels[index], classes[index],
                                         classes[index] == digits.labels[index] ? "" : "  (wrong)");
    caption += fmt::format("{:^29}", text);
  }
  for (const std::string& line : picture) fmt::print("{}\n", line);
  fmt::print("{}\n\n", caption);
}

// Images a second over the digits again and again for about a second.
double measure(const Runner& runner, const ir::Tensor& tensor) {
  constexpr int64_t kBatch = 1000;
  ir::Tensor batch{tensor.shape, 0, {}};
  while (batch.images < kBatch) {
    batch.values.insert(batch.values.end(), tensor.values.begin(), tensor.values.end());
    batch.images += tensor.images;
  }
  runner.run(std::span(&batch, 1));
  const double begin = now();
  int64_t images = 0;
  while (now() - begin < 1) {
    runner.run(std::span(&batch, 1));
    images += batch.images;
  }
  return static_cast<double>(images) / (now() - begin);
}

struct Result {
  std::vector<ir::Tensor> whole;
  bool identical = true;
  double pipeline_seconds = 0;
};

bool same(const ir::Tensor& tensor, const data::NpyArray& array) { return data::to_array(tensor) == array; }

Result run_both(const Runner& runner, const ir::Tensor& tensor, const std::filesystem::path& images, ir::NodeId last) {
  const ir::Network& network = runner.network();
  Result result;
  result.whole = runner.run(std::span(&tensor, 1));
  const TemporaryFolder folder;
  const ir::Halves halves = ir::cut(network, last);
  ir::save(halves.first, folder.path() / "first.bloom");
  ir::save(halves.second, folder.path() / "second.bloom");
  const double begin = now();
  run_pipeline(folder.path() / "first.bloom", folder.path() / "second.bloom", images, folder.path() / "out.npy");
  result.pipeline_seconds = now() - begin;
  for (size_t i = 0; i < result.whole.size(); ++i) {
    std::filesystem::path file = folder.path() / "out.npy";
    if (result.whole.size() > 1) {
      file = folder.path() / fmt::format("out.{}.npy", network.nodes[static_cast<size_t>(network.outputs[i])].name);
    }
    result.identical = result.identical && same(result.whole[i], data::read_npy(file));
  }
  return result;
}

// The cheapest cut between two products: what a planner would choose for two equal devices.
ir::NodeId middle_cut(const ir::Network& network) {
  std::vector<ir::NodeId> thresholds;
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    const ir::Node& node = network.nodes[i];
    const bool behind_dot =
        !node.inputs.empty() && std::holds_alternative<ir::Dot>(network.nodes[static_cast<size_t>(node.inputs[0])].layer);
    if (std::holds_alternative<ir::Threshold>(node.layer) && behind_dot) thresholds.push_back(static_cast<ir::NodeId>(i));
  }
  BITLOOM_CHECK(!thresholds.empty());
  return thresholds[(thresholds.size() - 1) / 2];
}

void demo(const Arguments& arguments) {
  const std::filesystem::path images =
      arguments.directory.empty() ? in_zoo("digits") : std::filesystem::path(arguments.directory);
  const ir::Network network = ir::load(in_zoo("lfc-w1a1/lfc-w1a1.bloom"));
  const data::DataSet digits = data::read_images(images, {28, 28, 1});
  if (digits.labels.empty() || digits.images.count < 4)
    throw Error("{}: expected at least 4 labelled digits", images.string());
  const ir::Tensor tensor = data::to_tensor(image_input(network), digits.images, images.string());
  const Runner runner(network, {});
  const ir::NodeId last = middle_cut(network);
  const Result result = run_both(runner, tensor, images, last);
  const std::vector<int32_t> classes = ir::predicted_classes(network, result.whole);
  int64_t correct = 0;
  for (size_t i = 0; i < classes.size(); ++i) correct += classes[i] == digits.labels[i];
  const double rate = measure(runner, tensor);
  const double accuracy = static_cast<double>(correct) / static_cast<double>(digits.images.count);
  const std::string& cut_name = network.nodes[static_cast<size_t>(last)].name;
  if (arguments.json) {
    print_json({{"images", digits.images.count},
                {"accuracy", accuracy},
                {"images_per_second", rate},
                {"cut_after", cut_name},
                {"bytes_per_image", ir::cut_bytes(network, last)},
                {"identical", result.identical}});
  } else {
    show_digits(digits, classes);
    fmt::print("{}: {} multiply-accumulates of one bit an image\n\n", network.name,
               grouped(ir::multiply_accumulates(network)));
    fmt::print("whole           {} of {} real MNIST test digits right ({:.1f} %), {} images/s\n", correct,
               digits.images.count, 100 * accuracy, grouped(static_cast<int64_t>(rate)));
    fmt::print(
        "cut in two      after '{}', two processes joined by a pipe, {} bytes moved an image ({} for the picture), {:.2f} "
        "s "
        "in all\n",
        cut_name, ir::cut_bytes(network, last), digits.images.height * digits.images.width, result.pipeline_seconds);
    fmt::print("same integers   {}\n", result.identical ? "yes, all of them" : "NO");
  }
  if (!result.identical) throw Error("the cut network gave other integers than the whole one");
}

}  // namespace

void add_demo(CLI::App& program) {
  auto* command = program.add_subcommand("demo", "the shipped LFC network reads digits, whole and cut in two processes");
  command->footer("Example: bitloom demo");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--images", arguments->directory, "another folder of labelled 28 x 28 digits");
  command->add_flag("--json", arguments->json, "print one JSON document");
  command->callback([arguments] { demo(*arguments); });
}

}  // namespace bitloom::cli
