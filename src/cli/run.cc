// SPDX-License-Identifier: Apache-2.0
//
// bitloom run: images, arrays or framed tensors in; classes, .npy or framed tensors out.
#include <algorithm>
#include <cstdio>

#include "bitloom/file.h"
#include "common.h"
#include "inputs.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  ModelArguments model;
  RunArguments run;
  std::vector<std::string> inputs;
  std::string output;
  int64_t batch = 64;
  bool resize = false;
  bool json = false;
};

/// What to run, a batch at a time: fills one tensor an Input node and returns false when there is no more.
using Batches = std::function<bool(std::vector<ir::Tensor>&)>;

Batches from_tensor(const ir::Tensor& whole, int64_t batch) {
  return [&whole, batch, done = int64_t{0}](std::vector<ir::Tensor>& tensors) mutable {
    const int64_t count = std::min(batch, whole.images - done);
    if (count <= 0) return false;
    const int64_t size = whole.shape.elements();
    tensors.assign(1, ir::Tensor{whole.shape, count, {}});
    tensors[0].values.assign(whole.values.begin() + done * size, whole.values.begin() + (done + count) * size);
    done += count;
    return true;
  };
}

// Frames from standard input, which must be of the types that the network's inputs have.
Batches from_frames(const ir::Network& network, const std::shared_ptr<ir::FrameReader>& reader, int64_t batch) {
  const std::vector<ir::NodeId> ids = network.inputs();
  const auto& tensors = reader->tensors();
  if (tensors.size() != ids.size()) {
    throw Error("standard input: has {} tensors an image, the network takes {}", tensors.size(), ids.size());
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    const ir::Node& node = network.nodes[static_cast<size_t>(ids[i])];
    if (node.type != tensors[i].type) {
      throw Error("standard input: tensor '{}' is {} of {}, the network's input '{}' is {} of {}", tensors[i].name,
                  shape_text(tensors[i].type.shape), element_text(tensors[i].type), node.name, shape_text(node.type.shape),
                  element_text(node.type));
    }
  }
  return [reader, batch](std::vector<ir::Tensor>& result) {
    result.clear();
    for (const ir::NamedType& tensor : reader->tensors()) result.push_back(ir::Tensor{tensor.type.shape, 0, {}});
    std::vector<std::vector<int32_t>> images;
    while (result.front().images < batch && reader->read(images)) {
      for (size_t i = 0; i < result.size(); ++i) {
        result[i].values.insert(result[i].values.end(), images[i].begin(), images[i].end());
        ++result[i].images;
      }
    }
    return result.front().images > 0;
  };
}

void write_stdout(std::span<const std::byte> bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) throw Error("standard output: cannot write");
}

std::vector<ir::NamedType> output_types(const ir::Network& network) {
  std::vector<ir::NamedType> types;
  for (const ir::NodeId id : network.outputs) {
    const ir::Node& node = network.nodes[static_cast<size_t>(id)];
    types.push_back({node.name, node.type});
  }
  return types;
}

void write_frames(ir::FrameWriter& writer, const std::vector<ir::Tensor>& outputs) {
  for (int64_t image = 0; image < outputs.front().images; ++image) {
    std::vector<std::span<const int32_t>> values;
    for (const ir::Tensor& output : outputs) values.push_back(output.image(image));
    writer.write(values);
  }
  std::fflush(stdout);
}

// out.npy for one output; out.NAME.npy for each of several.
std::vector<std::string> write_arrays(const ir::Network& network, const std::string& path,
                                      const std::vector<ir::Tensor>& outputs) {
  std::vector<std::string> written;
  for (size_t i = 0; i < outputs.size(); ++i) {
    std::filesystem::path file = path;
    if (outputs.size() > 1) {
      std::string name = network.nodes[static_cast<size_t>(network.outputs[i])].name;
      std::replace(name.begin(), name.end(), '/', '_');
      file.replace_extension("." + name + file.extension().string());
    }
    data::write_npy(data::to_array(outputs[i]), file);
    written.push_back(file.string());
  }
  return written;
}

std::string class_name(const ir::Network& network, int32_t index) {
  const auto i = static_cast<size_t>(index);
  return i < network.classes.size() ? network.classes[i] : std::to_string(index);
}

// The classes, or nothing for a network that does not classify.
std::vector<int32_t> classes_of(const ir::Network& network, const std::vector<ir::Tensor>& outputs) {
  return ir::class_count(network) > 1 ? ir::predicted_classes(network, outputs) : std::vector<int32_t>{};
}

void print_result(const Arguments& arguments, const ir::Network& network, const std::vector<ir::Tensor>& outputs,
                  const std::vector<int32_t>& labels, const std::vector<std::string>& files) {
  const std::vector<int32_t> classes = classes_of(network, outputs);
  int64_t correct = 0;
  for (size_t i = 0; i < labels.size() && i < classes.size(); ++i) correct += labels[i] == classes[i];
  const bool scored = !labels.empty() && !classes.empty();
  if (arguments.json) {
    Json json{{"images", outputs.front().images}, {"classes", classes}, {"files", files}};
    for (const int32_t index : classes) {
      if (!network.classes.empty()) json["names"].push_back(class_name(network, index));
    }
    if (scored) json["accuracy"] = static_cast<double>(correct) / static_cast<double>(labels.size());
    return print_json(json);
  }
  if (files.empty() && !classes.empty()) {
    Table table({"image", "class", labels.empty() ? "" : "label"});
    for (size_t i = 0; i < classes.size(); ++i) {
      table.add({std::to_string(i), class_name(network, classes[i]), labels.empty() ? "" : class_name(network, labels[i])});
    }
    fmt::print("{}", table.text());
  }
  for (const std::string& file : files) fmt::print("{}: {} images\n", file, outputs.front().images);
  if (files.empty() && classes.empty()) {
    fmt::print("{} images; the network does not classify, write its outputs with -o out.npy\n", outputs.front().images);
  }
  if (scored) {
    fmt::print("{} of {} right ({:.2f} %)\n", correct, labels.size(),
               100.0 * static_cast<double>(correct) / static_cast<double>(labels.size()));
  }
}

void run(const Arguments& arguments) {
  const ir::Network network = arguments.model.load();
  const Runner runner(network, arguments.run);
  const bool from_stdin = arguments.inputs == std::vector<std::string>{"-"};
  Inputs inputs;
  Batches batches;
  if (from_stdin) {
    const auto source = [](std::span<std::byte> bytes) { return std::fread(bytes.data(), 1, bytes.size(), stdin); };
    batches = from_frames(network, std::make_shared<ir::FrameReader>(source, "standard input"), arguments.batch);
  } else {
    inputs = read_inputs(network, arguments.inputs, arguments.resize);
    batches = from_tensor(inputs.tensor, arguments.batch);
  }

  const bool to_stdout = arguments.output == "-";
  std::optional<ir::FrameWriter> writer;
  if (to_stdout) writer.emplace(write_stdout, output_types(network));
  std::vector<ir::Tensor> outputs;
  std::vector<ir::Tensor> batch;
  ProgressBar bar("running", inputs.tensor.images);
  int64_t done = 0;
  while (batches(batch)) {
    std::vector<ir::Tensor> part = runner.run(batch);
    done += part.front().images;
    bar.set(done);
    if (writer) {
      write_frames(*writer, part);
    } else if (outputs.empty()) {
      outputs = std::move(part);
    } else {
      for (size_t i = 0; i < outputs.size(); ++i) outputs[i] = join({std::move(outputs[i]), std::move(part[i])});
    }
  }
  if (writer) {
    writer->finish();
    std::fflush(stdout);
    return;
  }
  if (outputs.empty()) throw Error("there are no images in the input");
  const bool to_file = !arguments.output.empty();
  print_result(arguments, network, outputs, inputs.labels,
               to_file ? write_arrays(network, arguments.output, outputs) : std::vector<std::string>{});
}

}  // namespace

void add_run(CLI::App& program) {
  auto* command = program.add_subcommand("run", "classify images, or pass tensors on to the next process");
  command->footer(
      "Example: bitloom run lfc-w1a1 models/digits/\n"
      "         bitloom run a.bloom models/digits/ -o - | bitloom run b.bloom -");
  auto arguments = std::make_shared<Arguments>();
  arguments->model.add_to(*command);
  command
      ->add_option("INPUTS", arguments->inputs,
                   "images, folders of images, .npy arrays; or - for framed tensors from standard input")
      ->required();
  command->add_option("-o,--output", arguments->output,
                      "write the integer outputs: a .npy file, or - for framed tensors to standard output");
  command->add_flag("--resize", arguments->resize,
                    "bring pictures of other sizes to the network's: their centre, scaled by area");
  command->add_option("--batch", arguments->batch, "images at a time")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "print one JSON document");
  arguments->run.add_to(*command);
  command->callback([arguments] { run(*arguments); });
}

}  // namespace bitloom::cli
