// SPDX-License-Identifier: Apache-2.0
//
// Makes small MATLAB files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <matio.h>

namespace bitloom::test {

/// An array; `numbers` are of the type that the class says, in MATLAB's order.
struct MatArray {
  std::string name;
  matio_classes array_class = MAT_C_UINT8;
  matio_types type = MAT_T_UINT8;
  std::vector<size_t> dimensions;
  const void* numbers = nullptr;
  int flags = 0;
};

inline void write_mat(const std::filesystem::path& path, const std::vector<MatArray>& arrays,
                      matio_compression compression = MAT_COMPRESSION_ZLIB, mat_ft version = MAT_FT_MAT5) {
  mat_t* file = Mat_CreateVer(path.c_str(), "made by a test", version);
  ASSERT_NE(file, nullptr);
  for (const MatArray& array : arrays) {
    std::vector<size_t> dimensions = array.dimensions;
    matvar_t* variable =
        Mat_VarCreate(array.name.c_str(), array.array_class, array.type, static_cast<int>(dimensions.size()),
                      dimensions.data(), const_cast<void*>(array.numbers), array.flags);
    ASSERT_NE(variable, nullptr);
    EXPECT_EQ(Mat_VarWrite(file, variable, compression), 0);
    Mat_VarFree(variable);
  }
  Mat_Close(file);
}

}  // namespace bitloom::test
