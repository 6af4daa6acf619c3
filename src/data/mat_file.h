// SPDX-License-Identifier: Apache-2.0
//
// MATLAB files of version 5 that hold arrays of numbers, read with matio.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct _mat_t;
struct matvar_t;

namespace bitloom::data {

class MatFile {
 public:
  /// Opens the file and reads what its variables are, without their numbers. Throws Error naming the file when it is of
  /// another version, cut off or damaged, holds anything but arrays of numbers, or unpacks to more than kMaxUnpackedBytes.
  explicit MatFile(const std::filesystem::path& path);
  MatFile(const MatFile&) = delete;
  MatFile& operator=(const MatFile&) = delete;
  ~MatFile();

  struct Variable {
    std::string name;
    std::string type;  ///< as MATLAB calls it, such as "uint8"; "complex double"
    std::vector<int64_t> dimensions;
    std::string describe() const;  ///< "uint8 of 32 x 32 x 3 x 9"
  };

  /// Throws Error naming the variable when there is none of this name.
  const Variable& variable(std::string_view name);

  /// The numbers of a variable of type uint8 or double in MATLAB's order, the first dimension running fastest; each
  /// variable may be read once. Throws Error when the file holds fewer, or a number is not whole or not 0 to 255.
  std::vector<uint8_t> read(const Variable& variable);

 private:
  struct Entry;
  Entry& entry(std::string_view name);

  std::string source_;
  std::unique_ptr<_mat_t, int (*)(_mat_t*)> file_;
  std::vector<Entry> entries_;
};

}  // namespace bitloom::data
