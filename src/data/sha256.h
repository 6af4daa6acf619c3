// SPDX-License-Identifier: Apache-2.0
//
// SHA-256, by which the files of a data set are known.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace bitloom::data {

/// The digest as 64 lower-case hexadecimal digits.
std::string sha256(std::span<const std::byte> bytes);

}  // namespace bitloom::data
