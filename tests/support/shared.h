// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace bitloom::test {

/// The folder of third-party models and golden outputs beside the checkout; not part of the project, and often not there.
inline std::filesystem::path shared() { return std::filesystem::path(BITLOOM_SOURCE_DIR).parent_path() / "shared"; }

}  // namespace bitloom::test

/// Skips the test when `path` (a std::filesystem::path) is not there.
#define BITLOOM_REQUIRE(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << (path).string() << " is not there"
