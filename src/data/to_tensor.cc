// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "bitloom/data.h"

namespace bitloom::data {
namespace {

// The value of each pixel, if pixels are the codes of this input.
std::optional<std::vector<int32_t>> pixel_values(const ir::Input& input) {
  const auto* encoding = std::get_if<ir::Encoding>(&input.element);
  if (encoding == nullptr || encoding->planes() != 8 || input.real) return std::nullopt;
  std::vector<int32_t> values(256);
  for (uint32_t code = 0; code < 256; ++code) {
    values[code] = encoding->value(code);
    if (values[code] < encoding->lowest || values[code] > encoding->highest) return std::nullopt;
  }
  return values;
}

// What pixels stand for where real numbers are wanted.
std::vector<float> pixel_reals(const std::vector<uint8_t>& pixels) {
  std::vector<float> reals(pixels.size());
  std::transform(pixels.begin(), pixels.end(), reals.begin(), [](uint8_t p) { return static_cast<float>(p) / 255.0F; });
  return reals;
}

std::string kind_of(const ir::Input& input) {
  const auto* encoding = std::get_if<ir::Encoding>(&input.element);
  return encoding ? ir::print(*encoding) : "plain integers";
}

std::string size_of(const ir::Shape& shape) {
  return fmt::format("{} x {} x {}", shape.height, shape.width, shape.channels);
}

// Quantizes all images of real numbers at once.
void quantize_into(const ir::Input& input, std::span<const float> reals, ir::Tensor& tensor) {
  const auto size = static_cast<size_t>(input.shape.elements());
  for (int64_t i = 0; i < tensor.images; ++i) {
    const std::vector<int32_t> values = ir::quantize(input, reals.subspan(static_cast<size_t>(i) * size, size));
    std::copy(values.begin(), values.end(), tensor.image(i).begin());
  }
}

/// How the elements of an array lie: number of images, and whether channels come before height and width.
struct Layout {
  int64_t images;
  bool channels_first;
};

std::optional<Layout> match(const std::vector<int64_t>& shape, const ir::Shape& want) {
  using Dims = std::vector<int64_t>;
  const Dims last{want.height, want.width, want.channels};
  const Dims first{want.channels, want.height, want.width};
  const Dims flat{want.elements()};
  const Dims plane{want.height, want.width};
  const auto fits = [&](const Dims& image) -> std::optional<int64_t> {
    if (shape == image) return 1;
    if (shape.size() == image.size() + 1 && std::equal(image.begin(), image.end(), shape.begin() + 1)) return shape[0];
    return std::nullopt;
  };
  if (const auto images = fits(last)) return Layout{*images, false};
  if (const auto images = fits(first)) return Layout{*images, want.channels != 1};
  if (const auto images = fits(flat)) return Layout{*images, false};
  if (want.channels == 1) {
    if (const auto images = fits(plane)) return Layout{*images, false};
  }
  // Images for a flat input: [N, 28, 28] for 784 features.
  if (want.height == 1 && want.width == 1 && shape.size() >= 2) {
    int64_t elements = 1;
    for (size_t i = 1; i < shape.size() && elements <= want.channels; ++i) elements *= shape[i];
    if (elements == want.channels) return Layout{shape[0], false};
  }
  return std::nullopt;
}

// Moves one array of [image][channel][y][x] to [image][y][x][channel].
template <typename T>
std::vector<T> channels_last(const std::vector<T>& data, const ir::Shape& shape, int64_t images) {
  std::vector<T> result(data.size());
  const int64_t area = int64_t{shape.height} * shape.width;
  const int64_t size = shape.elements();
  for (int64_t i = 0; i < images; ++i) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      for (int64_t p = 0; p < area; ++p) {
        result[static_cast<size_t>(i * size + p * shape.channels + c)] = data[static_cast<size_t>(i * size + c * area + p)];
      }
    }
  }
  return result;
}

void check_values(const ir::Input& input, const ir::Tensor& tensor, std::string_view source) {
  std::vector<int32_t> levels;
  ir::Range range{};
  if (const auto* encoding = std::get_if<ir::Encoding>(&input.element)) {
    levels = encoding->levels();
  } else {
    range = std::get<ir::Range>(input.element);
  }
  for (size_t i = 0; i < tensor.values.size(); ++i) {
    const int32_t value = tensor.values[i];
    const bool fits = levels.empty() ? value >= range.lowest && value <= range.highest
                                     : std::binary_search(levels.begin(), levels.end(), value);
    if (!fits)
      throw Error("{}: element {} is {}, which the network's input ({}) does not have", source, i, value, kind_of(input));
  }
}

}  // namespace

ir::Tensor to_tensor(const ir::Input& input, const Images& images, std::string_view source) {
  const bool same = input.shape == ir::Shape{images.height, images.width, images.channels};
  const bool flat = input.shape.height == 1 && input.shape.width == 1 &&
                    input.shape.channels == int64_t{images.height} * images.width * images.channels;
  if (!same && !flat) {
    throw Error("{}: the images are {} x {} x {} (height, width, channels), the network's input is {}", source,
                images.height, images.width, images.channels, size_of(input.shape));
  }
  ir::Tensor tensor = ir::Tensor::zeros(input.shape, images.count);
  if (input.real) {
    quantize_into(input, pixel_reals(images.pixels), tensor);
    return tensor;
  }
  const auto values = pixel_values(input);
  if (!values) {
    throw Error("{}: the network's input is {}, not 8-bit pixels; give its values as a .npy file", source, kind_of(input));
  }
  std::transform(images.pixels.begin(), images.pixels.end(), tensor.values.begin(),
                 [&](uint8_t pixel) { return (*values)[pixel]; });
  return tensor;
}

ir::Tensor to_tensor(const ir::Input& input, const NpyArray& array, std::string_view source) {
  const auto layout = match(array.shape, input.shape);
  if (!layout) {
    throw Error("{}: an array of shape [{}] does not fit the network's input of {} (height, width, channels)", source,
                fmt::join(array.shape, ", "), size_of(input.shape));
  }
  ir::Tensor tensor = ir::Tensor::zeros(input.shape, layout->images);
  const auto arrange = [&](auto data) {
    return layout->channels_first ? channels_last(data, input.shape, layout->images) : data;
  };
  if (const auto* codes = std::get_if<std::vector<uint8_t>>(&array.data)) {
    const auto* encoding = std::get_if<ir::Encoding>(&input.element);
    const std::vector<uint8_t> arranged = arrange(*codes);
    if (input.real) {
      quantize_into(input, pixel_reals(arranged), tensor);
      return tensor;
    }
    std::transform(arranged.begin(), arranged.end(), tensor.values.begin(), [&](uint8_t code) {
      if (encoding == nullptr) return int32_t{code};
      if (code >> std::min(encoding->planes(), 8) != 0)
        throw Error("{}: {} is no code of the network's input ({})", source, code, kind_of(input));
      return encoding->value(code);
    });
  } else if (input.real) {
    const std::vector<double> doubles = arrange(array.as_doubles());
    quantize_into(input, std::vector<float>(doubles.begin(), doubles.end()), tensor);
    return tensor;
  } else {
    std::vector<int64_t> integers;
    try {
      integers = arrange(array.as_integers());
    } catch (const Error&) {
      throw Error("{}: holds real numbers, the network's input takes integers ({}); for pixels give uint8", source,
                  kind_of(input));
    }
    for (size_t i = 0; i < integers.size(); ++i) {
      if (integers[i] < INT32_MIN || integers[i] > INT32_MAX)
        throw Error("{}: element {} is {}, beyond 32 bits", source, i, integers[i]);
      tensor.values[i] = static_cast<int32_t>(integers[i]);
    }
  }
  check_values(input, tensor, source);
  return tensor;
}

NpyArray to_array(const ir::Tensor& tensor) {
  const ir::Shape& shape = tensor.shape;
  if (shape.height == 1 && shape.width == 1) return {{tensor.images, shape.channels}, tensor.values};
  return {{tensor.images, shape.height, shape.width, shape.channels}, tensor.values};
}

}  // namespace bitloom::data
