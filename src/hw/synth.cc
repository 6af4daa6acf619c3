// SPDX-License-Identifier: Apache-2.0
//
// Most of what Yosys does for a small unit is to read its own libraries, so small units are put into one run, each as a
// module of its own that is not flattened into the others. A result is kept under the hash of all that it depends on.
#include "bitloom/synth.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "bitloom/file.h"
#include "bitloom/process.h"
#include "cache.h"
#include "emit.h"
#include "library.h"
#include "synth_unit.h"
#include "yosys.h"

namespace bitloom::hw {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int64_t kBatchLuts = 400;  ///< by estimate; more than that in one run and cores have nothing to share
constexpr size_t kBatchUnits = 10;

fs::path default_cache() {
  if (const auto folder = cache_folder("synth")) return *folder;
  throw Error("neither XDG_CACHE_HOME nor HOME is set, so there is no place for results of synthesis; set one");
}

/// Counts by key. Files are whole or not there, so several runs may share a folder. They are small: none is ever removed.
class Results {
 public:
  explicit Results(fs::path folder) : folder_(folder.empty() ? default_cache() : std::move(folder)) {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) throw Error("{}: cannot be made: {}", folder_.string(), error.message());
  }

  std::optional<Counts> find(const std::string& key) const {
    if (!fs::exists(path(key))) return std::nullopt;
    const Json json = Json::parse(read_text(path(key)), nullptr, false);
    if (!json.is_array() || json.size() != 7) return std::nullopt;
    if (!std::ranges::all_of(json, [](const Json& n) { return n.is_number_integer(); })) return std::nullopt;
    return Counts{{json[0], json[1], json[2], json[3], json[4], json[5]}, json[6]};
  }

  void store(const std::string& key, const Counts& counts) const {
    const Resources& r = counts.resources;
    const Json json = {r.lut, r.lut_ram, r.ff, r.bram36, r.bram18, r.dsp, counts.inverters};
    write_file(path(key), json.dump());
  }

 private:
  fs::path path(const std::string& key) const { return folder_ / (key + ".json"); }

  fs::path folder_;
};

/// Memory files by name.
using Contents = std::map<std::string, std::string>;

/// A unit that no other is equal to.
struct Distinct {
  std::string text, key;  ///< the wrapper, as module kWrapper
  std::vector<SynthPort> ports;
  std::set<std::string> modules;
  int64_t estimated_luts = 0;
  std::optional<Counts> found;
  bool cached = false;
};
constexpr std::string_view kWrapper = "UNIT";

std::string renamed(const std::string& text, const std::string& name) {
  const std::string module = fmt::format("module {} (", kWrapper);
  const size_t at = text.find(module);
  BITLOOM_CHECK(at != std::string::npos);
  return std::string(text).replace(at, module.size(), fmt::format("module {} (", name));
}

class Synthesizer {
 public:
  Synthesizer(Library library, const SynthesisOptions& options)
      : library_(std::move(library)),
        options_(options),
        results_(options.cache),
        tool_(yosys_version(work_.path())),
        command_(synth_commands(options.family, "unit")) {
    for (const char* folder : {"rtl", "mem"}) fs::create_directory(work_.path() / folder);
    for (const auto& [module, text] : library_) write_file(work_.path() / "rtl" / (module + ".sv"), text);
  }

  const std::string& tool() const { return tool_; }

  /// Units that equal one that was added share its result.
  void add(const SynthUnit& unit, const Contents& contents) {
    std::map<std::string, std::string> files;
    for (const std::string& file : unit.files) files[file] = stored(contents.at(file));
    Distinct one;
    one.text = wrapper(unit, std::string(kWrapper), files);
    one.ports = unit.ports;
    one.modules = needed_modules(library_, {"bitloom_" + unit.kind});
    one.key = key_of(one.text, one.modules);
    one.estimated_luts = unit.estimates.at(options_.family).lut;
    const auto equal = std::ranges::find(distinct_, one.key, &Distinct::key);
    which_.push_back(static_cast<size_t>(equal - distinct_.begin()));
    if (equal == distinct_.end()) distinct_.push_back(std::move(one));
  }

  /// The top level with all modules of the library, in one piece.
  void add_whole(const std::string& top, const Contents& contents) {
    whole_top_ = top;
    for (const auto& [name, words] : contents) {
      const size_t at = whole_top_.find('"' + name + '"');
      if (at != std::string::npos) whole_top_.replace(at, name.size() + 2, '"' + stored(words) + '"');
    }
    std::set<std::string> modules;
    for (const auto& [module, text] : library_) modules.insert(module);
    whole_key_ = key_of(whole_top_, modules);
  }

  void run();

  std::vector<std::pair<Counts, bool>> results() const {
    std::vector<std::pair<Counts, bool>> list;
    std::set<size_t> seen;
    for (const size_t i : which_) list.emplace_back(*distinct_[i].found, distinct_[i].cached || !seen.insert(i).second);
    return list;
  }
  const std::optional<Counts>& whole() const { return whole_; }

 private:
  std::string stored(const std::string& words) {
    const std::string name = hash_of(std::span(&words, 1)) + ".hex";
    if (!fs::exists(work_.path() / "mem" / name)) write_file(work_.path() / "mem" / name, words);
    return "../mem/" + name;
  }

  std::string key_of(const std::string& text, const std::set<std::string>& modules) const {
    std::vector<std::string> all{tool_, command_, text};
    for (const std::string& module : modules) all.push_back(library_.at(module));
    return hash_of(all);
  }

  std::vector<std::vector<size_t>> batches() const;
  void run_batch(const std::vector<size_t>& batch, const fs::path& folder);
  void run_whole(const fs::path& folder);
  void report(size_t units) {
    const std::lock_guard lock(mutex_);
    done_ += static_cast<int64_t>(units);
    if (options_.progress) options_.progress(done_, all_);
  }

  const TemporaryFolder work_;
  const Library library_;
  const SynthesisOptions& options_;
  const Results results_;
  const std::string tool_, command_;
  std::vector<Distinct> distinct_;
  std::vector<size_t> which_;  ///< index into distinct_ of each unit added
  std::string whole_top_, whole_key_;
  std::optional<Counts> whole_;
  std::mutex mutex_;
  int64_t done_ = 0, all_ = 0;
};

/// Units that are still to do, the largest first.
std::vector<std::vector<size_t>> Synthesizer::batches() const {
  std::vector<size_t> order;
  for (size_t i = 0; i < distinct_.size(); ++i)
    if (!distinct_[i].found) order.push_back(i);
  std::ranges::stable_sort(order, std::greater{}, [&](size_t i) { return distinct_[i].estimated_luts; });
  std::vector<std::vector<size_t>> result;
  int64_t luts = 0;
  for (const size_t i : order) {
    luts += distinct_[i].estimated_luts;
    if (result.empty() || luts > kBatchLuts || result.back().size() >= kBatchUnits) {
      result.emplace_back();
      luts = distinct_[i].estimated_luts;
    }
    result.back().push_back(i);
  }
  return result;
}

void Synthesizer::run_batch(const std::vector<size_t>& batch, const fs::path& folder) {
  std::string modules, ports, instances;
  std::set<std::string> needed;
  for (size_t i = 0; i < batch.size(); ++i) {
    const Distinct& one = distinct_[batch[i]];
    modules += renamed(one.text, fmt::format("unit_{}", i));
    instances += fmt::format("  unit_{} u_{} (", i, i);
    for (const SynthPort& port : one.ports) {
      ports += fmt::format("{}\n  {} logic [{}:0] p{}_{}", ports.empty() ? "" : ",", port.input ? "input" : "output",
                           port.width - 1, i, port.name);
      instances += fmt::format("{}.{}(p{}_{})", &port == one.ports.data() ? "" : ", ", port.name, i, port.name);
    }
    instances += ");\n";
    needed.insert(one.modules.begin(), one.modules.end());
  }
  write_file(folder / "units.sv", fmt::format("{}module all_units ({}\n);\n{}endmodule\n", modules, ports, instances));
  std::vector<std::string> sources{"units.sv"};
  for (const std::string& module : needed) sources.push_back(fmt::format("../rtl/{}.sv", module));
  const std::string stat = run_yosys(folder, sources, "all_units", options_.family);
  for (size_t i = 0; i < batch.size(); ++i) {
    Distinct& one = distinct_[batch[i]];
    one.found = count_cells(stat, fmt::format("unit_{}", i));
    results_.store(one.key, *one.found);
  }
  report(batch.size());
}

void Synthesizer::run_whole(const fs::path& folder) {
  std::vector<std::string> sources{"top.sv"};
  for (const auto& [module, text] : library_) sources.push_back(fmt::format("../rtl/{}.sv", module));
  write_file(folder / "top.sv", whole_top_);
  whole_ = count_cells(run_yosys(folder, sources, "bitloom_top", options_.family), "bitloom_top");
  results_.store(whole_key_, *whole_);
  report(1);
}

void Synthesizer::run() {
  size_t known = 0;
  for (Distinct& one : distinct_) {
    one.found = results_.find(one.key);
    one.cached = one.found.has_value();
    known += one.cached ? 1 : 0;
  }
  std::vector<std::function<void(const fs::path&)>> jobs;
  all_ = static_cast<int64_t>(distinct_.size());
  if (!whole_key_.empty()) {
    whole_ = results_.find(whole_key_);
    if (!whole_) jobs.emplace_back([this](const fs::path& folder) { run_whole(folder); });
    ++all_;
  }
  for (const std::vector<size_t>& batch : batches())
    jobs.emplace_back([this, batch](const fs::path& folder) { run_batch(batch, folder); });
  report(known);

  std::atomic<size_t> next = 0;
  std::exception_ptr failure;
  const auto work = [&] {
    for (size_t i = next++; i < jobs.size(); i = next++) {
      try {
        const fs::path folder = work_.path() / std::to_string(i);
        fs::create_directories(folder);
        jobs[i](folder);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failure) failure = std::current_exception();
        next = jobs.size();
      }
    }
  };
  const auto cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const auto threads = std::min(static_cast<size_t>(options_.processes > 0 ? options_.processes : cores), jobs.size());
  {
    std::vector<std::jthread> pool;
    for (size_t i = 0; i < threads; ++i) pool.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
}

Contents files_of(const Unit& unit) {
  Contents contents;
  for (MemoryFile& file : verilog_unit(unit).files) contents[file.name] = std::move(file.words);
  return contents;
}

Contents all_files(const Design& design) {
  Contents contents;
  for (const Unit& unit : design.units) contents.merge(files_of(unit));
  return contents;
}

std::vector<SynthUnit> add_units(Synthesizer& synthesizer, std::span<const Unit> units) {
  std::vector<SynthUnit> list;
  for (const Unit& unit : units) {
    list.push_back(synth_unit(unit));
    synthesizer.add(list.back(), files_of(unit));
  }
  return list;
}

std::vector<UnitSynthesis> results_of(const std::vector<SynthUnit>& units, const Synthesizer& synthesizer, Family family) {
  std::vector<UnitSynthesis> list;
  const auto found = synthesizer.results();
  for (size_t i = 0; i < units.size(); ++i) {
    const auto& [counts, cached] = found[i];
    list.push_back({units[i].name, units[i].kind, units[i].estimates.at(family), counts, cached});
  }
  return list;
}

}  // namespace

Resources Synthesis::estimate() const {
  Resources sum;
  for (const UnitSynthesis& unit : units) sum += unit.estimate;
  return sum;
}

Counts Synthesis::found() const {
  Counts sum;
  for (const UnitSynthesis& unit : units) {
    sum.resources += unit.found.resources;
    sum.inverters += unit.found.inverters;
  }
  return sum;
}

Synthesis synthesize(const Design& design, const fs::path& library, const SynthesisOptions& options) {
  Synthesizer synthesizer(read_library(library), options);
  const std::vector<SynthUnit> units = add_units(synthesizer, design.units);
  if (options.whole) synthesizer.add_whole(top_level(design), all_files(design));
  synthesizer.run();
  return {synthesizer.tool(), results_of(units, synthesizer, options.family), synthesizer.whole()};
}

std::vector<UnitSynthesis> synthesize(std::span<const Unit> units, const fs::path& library,
                                      const SynthesisOptions& options) {
  Synthesizer synthesizer(read_library(library), options);
  const std::vector<SynthUnit> list = add_units(synthesizer, units);
  synthesizer.run();
  return results_of(list, synthesizer, options.family);
}

Synthesis synthesize(const fs::path& folder, const SynthesisOptions& options) {
  if (!fs::exists(folder / "design.json") || !fs::exists(folder / "bitloom_top.sv"))
    throw Error("{}: is no folder that `bitloom emit rtl` wrote", folder.string());
  const SynthDesign design = read_design(read_text(folder / "design.json"), (folder / "design.json").string());
  Library library = read_library(folder);
  const std::string top = library.extract("bitloom_top").mapped();
  Synthesizer synthesizer(std::move(library), options);
  Contents contents;
  for (const SynthUnit& unit : design.units) {
    for (const std::string& file : unit.files) contents[file] = read_text(folder / file);
    synthesizer.add(unit, contents);
  }
  if (options.whole) synthesizer.add_whole(top, contents);
  synthesizer.run();
  return {synthesizer.tool(), results_of(design.units, synthesizer, options.family), synthesizer.whole()};
}

}  // namespace bitloom::hw
