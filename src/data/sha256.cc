// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 by OpenSSL.
#include "sha256.h"

#include <array>

#include <fmt/ranges.h>
#include <openssl/evp.h>

#include "bitloom/error.h"

namespace bitloom::data {

std::string sha256(std::span<const std::byte> bytes) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  const int done = EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  BITLOOM_CHECK(done == 1 && size == digest.size());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace bitloom::data
