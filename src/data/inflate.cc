// SPDX-License-Identifier: Apache-2.0
//
// zlib, through a buffer of fixed size: what a stream holds is known only at its end.
#include "inflate.h"

#include <array>
#include <memory>

#include <zlib.h>

#include "bitloom/error.h"

namespace bitloom::data {
namespace {

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

}  // namespace

bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

int64_t inflate_stream(Wrapper wrapper, std::span<const std::byte> bytes, std::string_view source, int64_t limit,
                       const std::function<void(std::span<const std::byte>)>& take) {
  constexpr int kLargestWindow = 15, kGzipHeader = 16;
  z_stream state{};
  BITLOOM_CHECK(inflateInit2(&state, kLargestWindow + (wrapper == Wrapper::kGzip ? kGzipHeader : 0)) == Z_OK);
  const std::unique_ptr<z_stream, EndInflate> end(&state);
  // zlib does not write to its input; the pointer is not const only in old versions of its interface.
  state.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  state.avail_in = static_cast<uInt>(bytes.size());
  BITLOOM_CHECK(state.avail_in == bytes.size());

  std::array<std::byte, size_t{1} << 16> buffer;
  int64_t total = 0;
  for (int status = Z_OK; status != Z_STREAM_END;) {
    state.next_out = reinterpret_cast<Bytef*>(buffer.data());
    state.avail_out = static_cast<uInt>(buffer.size());
    status = inflate(&state, Z_NO_FLUSH);
    if (status == Z_BUF_ERROR) throw Error("{}: the compressed data are cut off", source);
    if (status != Z_OK && status != Z_STREAM_END) {
      throw Error("{}: the compressed data are damaged: {}", source, state.msg ? state.msg : zError(status));
    }
    const size_t count = buffer.size() - state.avail_out;
    total += static_cast<int64_t>(count);
    if (total > limit) throw Error("{}: unpacks to more than the {} bytes that are read", source, limit);
    take(std::span(buffer).first(count));
  }
  if (state.avail_in != 0) throw Error("{}: {} bytes follow the compressed data", source, state.avail_in);
  return total;
}

}  // namespace bitloom::data
