// SPDX-License-Identifier: Apache-2.0
//
// Images from one file of any kind, from a folder, and from a folder of class folders.
#include "folder.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <tuple>
#include <utility>

#include "bitloom/data.h"
#include "bitloom/file.h"
#include "image.h"
#include "inflate.h"

namespace bitloom::data {
namespace {

namespace fs = std::filesystem;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the run of digits, or the single byte, that the text begins with.
std::string_view take_part(std::string_view& text) {
  size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  const std::string_view part = text.substr(0, std::max<size_t>(size, 1));
  text.remove_prefix(part.size());
  return part;
}

int compare_parts(std::string_view a, std::string_view b) {
  if (!is_digit(a[0]) || !is_digit(b[0])) return a.compare(b);
  const auto significant = [](std::string_view digits) {
    return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
  };
  a = significant(a);
  b = significant(b);
  // Of two numbers without leading zeros the longer one is larger, however long they are.
  return a.size() != b.size() ? (a.size() < b.size() ? -1 : 1) : a.compare(b);
}

bool has_image_name(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return std::tolower(c); });
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

struct Listing {
  std::vector<fs::path> images;
  std::vector<fs::path> folders;
};

Listing list(const fs::path& folder) {
  Listing listing;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with('.')) continue;
    std::error_code unknown;  // a link to nothing is not a folder; reading it as an image names it
    if (it->is_directory(unknown)) {
      listing.folders.push_back(it->path());
    } else if (has_image_name(it->path())) {
      listing.images.push_back(it->path());
    }
  }
  if (error) throw Error("{}: cannot read the folder: {}", folder.string(), error.message());
  const auto by_name = [](const fs::path& a, const fs::path& b) {
    return natural_less(a.filename().string(), b.filename().string());
  };
  std::sort(listing.images.begin(), listing.images.end(), by_name);
  std::sort(listing.folders.begin(), listing.folders.end(), by_name);
  return listing;
}

// Throws unless the images have the size that the format or the first image asks for, or the format has them resized;
// converts grey and colour if the format says which.
Images conform(Images images, const ImageFormat& format, const std::string& source) {
  const int32_t height = format.height ? format.height : images.height;
  const int32_t width = format.width ? format.width : images.width;
  if (images.height != height || images.width != width) {
    if (!format.resize) {
      throw Error("{}: is {} x {} pixels (width x height); expected {} x {}, to which `bitloom run --resize` brings it",
                  source, images.width, images.height, width, height);
    }
    images = resized(images, height, width);
  }
  return format.channels ? with_channels(std::move(images), format.channels) : std::move(images);
}

// Appends the image in `path`; the first one decides what the format leaves open.
void append(Images& all, const fs::path& path, const ImageFormat& format) {
  Images image = conform(decode_image(read_file(path), path.string()), format, path.string());
  if (all.count == 0) {
    all = std::move(image);
    return;
  }
  if (std::tie(image.height, image.width, image.channels) != std::tie(all.height, all.width, all.channels)) {
    throw Error("{}: is {} x {} pixels with {} channels (width x height); the images before it are {} x {} with {}",
                path.string(), image.width, image.height, image.channels, all.width, all.height, all.channels);
  }
  all.pixels.insert(all.pixels.end(), image.pixels.begin(), image.pixels.end());
  ++all.count;
}

// Labels from names, if every name has one.
void label_by_name(ImageFiles& files) {
  std::vector<int32_t> labels;
  for (const fs::path& file : files.paths) {
    const auto label = label_in_name(file.filename().string());
    if (!label) return;
    labels.push_back(*label);
  }
  for (int32_t c = 0; c <= *std::max_element(labels.begin(), labels.end()); ++c) {
    files.classes.push_back(std::to_string(c));
  }
  files.labels = std::move(labels);
}

DataSet read_folder(const fs::path& folder, const ImageFormat& format) {
  ImageFiles files = list_images(folder);
  return {folder_name(folder), read_image_files(files.paths, format), std::move(files.labels), std::move(files.classes)};
}

Images images_of_array(const NpyArray& array, const std::string& source) {
  const auto* pixels = std::get_if<std::vector<uint8_t>>(&array.data);
  std::vector<int64_t> shape = array.shape;
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  if (shape.size() == 3) shape.push_back(1);
  if (!pixels || shape.size() != 4 || (shape[3] != 1 && shape[3] != 3)) {
    throw Error("{}: is an array of shape ({}){}; expected uint8 of shape [N,H,W,C] with 1 or 3 channels, [N,H,W] or [H,W]",
                source, fmt::join(array.shape, ", "), pixels ? "" : ", not of uint8");
  }
  check_size(shape[2], shape[1], source);
  return {shape[0], static_cast<int32_t>(shape[1]), static_cast<int32_t>(shape[2]), static_cast<int32_t>(shape[3]),
          *pixels};
}

DataSet read_one_file(const fs::path& path) {
  const std::vector<std::byte> bytes = read_file(path);
  const std::string source = path.string();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  DataSet set{path.stem().string(), {}, {}, {}};
  if (is_png(bytes) || is_jpeg(bytes)) {
    set.images = decode_image(bytes, source);
  } else if (text.starts_with("\x93NUMPY")) {
    set.images = images_of_array(read_npy(bytes, source), source);
  } else if (text.starts_with(std::string_view("\0\0\x08", 3)) || is_gzip(bytes)) {
    set.images = read_idx_images(bytes, source);
  } else if (!bytes.empty() && bytes.size() % 3073 == 0) {
    set = read_cifar10(bytes, source);
  } else {
    throw Error("{}: holds no images that are known; expected PNG, JPEG, .npy, IDX or CIFAR-10 binary", source);
  }
  if (set.images.count == 0) throw Error("{}: holds no images", source);
  return set;
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
  std::string_view rest_a = a, rest_b = b;
  while (!rest_a.empty() && !rest_b.empty()) {
    const int order = compare_parts(take_part(rest_a), take_part(rest_b));
    if (order != 0) return order < 0;
  }
  if (rest_a.empty() != rest_b.empty()) return rest_a.empty();
  return a < b;  // equal but for leading zeros
}

std::optional<int> label_in_name(std::string_view file_name) {
  const std::string_view stem = file_name.substr(0, file_name.rfind('.'));
  const size_t underscore = stem.rfind('_');
  if (underscore == std::string_view::npos) return std::nullopt;
  const std::string_view digits = stem.substr(underscore + 1);
  if (digits.empty() || digits.size() > 4 || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  if (digits.size() > 1 && digits[0] == '0') return std::nullopt;
  int label = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), label);
  return label;
}

ImageFiles list_images(const fs::path& folder) {
  Listing listing = list(folder);
  if (!listing.images.empty() && !listing.folders.empty()) {
    throw Error("{}: holds both images and folders; expected images, or one folder a class", folder.string());
  }
  ImageFiles files{std::move(listing.images), {}, {}};
  if (!files.paths.empty()) label_by_name(files);
  for (const fs::path& of_class : listing.folders) {
    const auto images = list(of_class).images;
    if (images.empty()) throw Error("{}: holds no .png, .jpg or .jpeg file", of_class.string());
    files.paths.insert(files.paths.end(), images.begin(), images.end());
    files.labels.insert(files.labels.end(), images.size(), static_cast<int32_t>(files.classes.size()));
    files.classes.push_back(of_class.filename().string());
  }
  if (files.paths.empty()) throw Error("{}: holds no .png, .jpg or .jpeg file", folder.string());
  return files;
}

Images read_image_files(const std::vector<fs::path>& paths, const ImageFormat& format) {
  Images images;
  for (const fs::path& path : paths) append(images, path, format);
  return images;
}

std::string folder_name(const fs::path& folder) { return (folder / "").parent_path().filename().string(); }

std::span<const uint8_t> Images::image(int64_t index) const {
  BITLOOM_CHECK(index >= 0 && index < count);
  const size_t size = pixels.size() / static_cast<size_t>(count);
  return std::span(pixels).subspan(static_cast<size_t>(index) * size, size);
}

DataSet read_images(const std::filesystem::path& path, const ImageFormat& format) {
  if (format.channels != 0 && format.channels != 1 && format.channels != 3) {
    throw Error("{}: cannot be read with {} channels; expected 1 (grey) or 3 (colour)", path.string(), format.channels);
  }
  if (format.resize && (format.height < 1 || format.width < 1)) {
    throw Error("{}: cannot be resized to {} x {} pixels (width x height)", path.string(), format.width, format.height);
  }
  std::error_code error;
  if (fs::is_directory(path, error)) return read_folder(path, format);
  DataSet set = read_one_file(path);
  set.images = conform(std::move(set.images), format, path.string());
  return set;
}

}  // namespace bitloom::data
