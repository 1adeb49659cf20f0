#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "bitwright/data/preprocess.h"

namespace bw {
namespace {

// A strided view of [channels, height, width].
template <typename T>
struct Planes {
  const T* data = nullptr;
  std::int64_t channels = 1, height = 1, width = 1;
  std::int64_t channel_stride = 1, row_stride = 1, column_stride = 1;

  const T& at(std::int64_t c, std::int64_t y, std::int64_t x) const {
    return data[c * channel_stride + y * row_stride + x * column_stride];
  }
};

// Extents and strides of a sample: an image, or an array seen as [channels, 1, rest].
template <typename T>
Planes<T> View(const T* data, const Shape& shape, const std::string& layout) {
  const bool channels_last = layout == "nhwc";
  Planes<T> view;
  view.data = data;
  if (shape.size() == 3) {
    view.channels = shape[channels_last ? 2 : 0];
    view.height = shape[channels_last ? 0 : 1];
    view.width = shape[channels_last ? 1 : 2];
  } else if (!shape.empty()) {
    view.channels = channels_last ? shape.back() : shape.front();
    view.width = view.channels == 0 ? 0 : ElementCount(shape) / view.channels;
  }
  view.channel_stride = channels_last ? 1 : view.height * view.width;
  view.column_stride = channels_last ? view.channels : 1;
  view.row_stride = view.width * view.column_stride;
  return view;
}

// Height and width after resizing.
std::array<std::int64_t, 2> ResizedSize(std::int64_t height, std::int64_t width,
                                        std::int64_t side) {
  if (height <= width) return {side, side * width / height};
  return {side * height / width, side};
}

// The input pixels of one output pixel and their weights.
struct Taps {
  std::int64_t first = 0;
  std::vector<double> weights;
};

std::vector<Taps> TriangleTaps(std::int64_t in, std::int64_t out) {
  const double step = static_cast<double>(in) / static_cast<double>(out);
  const double reach = std::max(step, 1.0);
  std::vector<Taps> taps(static_cast<std::size_t>(out));
  for (std::size_t i = 0; i < taps.size(); ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * step;
    const auto first =
        std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(centre - reach)));
    const auto last =
        std::min<std::int64_t>(in, static_cast<std::int64_t>(std::ceil(centre + reach)));
    taps[i].first = first;
    double sum = 0;
    for (std::int64_t j = first; j < last; ++j) {
      const double distance = std::abs(static_cast<double>(j) + 0.5 - centre) / reach;
      taps[i].weights.push_back(std::max(0.0, 1.0 - distance));
      sum += taps[i].weights.back();
    }
    for (double& weight : taps[i].weights) weight /= sum;
  }
  return taps;
}

// Resizes each row of each plane to `width`; the buffer is [channels, height, width].
template <typename T>
Planes<double> ResizeColumns(const Planes<T>& in, std::int64_t width, std::vector<double>& buffer) {
  const std::vector<Taps> taps = TriangleTaps(in.width, width);
  buffer.clear();
  buffer.reserve(static_cast<std::size_t>(in.channels * in.height * width));
  for (std::int64_t c = 0; c < in.channels; ++c) {
    for (std::int64_t y = 0; y < in.height; ++y) {
      for (const Taps& tap : taps) {
        double sum = 0;
        for (std::size_t j = 0; j < tap.weights.size(); ++j) {
          sum += tap.weights[j] *
                 static_cast<double>(in.at(c, y, tap.first + static_cast<std::int64_t>(j)));
        }
        buffer.push_back(sum);
      }
    }
  }
  return View(std::as_const(buffer).data(), {in.channels, in.height, width}, "nchw");
}

// The same view with rows and columns exchanged.
template <typename T>
Planes<T> Transposed(Planes<T> view) {
  std::swap(view.height, view.width);
  std::swap(view.row_stride, view.column_stride);
  return view;
}

template <typename T>
Planes<double> Resize(const Planes<T>& in, std::int64_t side, std::vector<double>& columns,
                      std::vector<double>& rows) {
  const auto [height, width] = ResizedSize(in.height, in.width, side);
  const Planes<double> narrow = ResizeColumns(in, width, columns);
  return Transposed(ResizeColumns(Transposed(narrow), height, rows));
}

template <typename T>
void CropCentre(Planes<T>& view, std::int64_t side) {
  view.data +=
      (view.height - side) / 2 * view.row_stride + (view.width - side) / 2 * view.column_stride;
  view.height = side;
  view.width = side;
}

double At(const std::vector<double>& values, std::int64_t channel) {
  return values.size() == 1 ? values[0] : values[static_cast<std::size_t>(channel)];
}

// Crop, channel order, (value * scale - mean) / std, layout; `out` is laid out as `target` says.
template <typename T>
void Emit(Planes<T> view, const Preprocess& preprocess, bool is_image, Planes<float> target,
          std::span<float> out) {
  if (is_image && preprocess.center_crop) CropCentre(view, *preprocess.center_crop);
  if (is_image && preprocess.color == "bgr") {
    view.data += (view.channels - 1) * view.channel_stride;
    view.channel_stride = -view.channel_stride;
  }
  for (std::int64_t c = 0; c < view.channels; ++c) {
    const double mean = At(preprocess.mean, c);
    const double deviation = At(preprocess.std, c);
    for (std::int64_t y = 0; y < view.height; ++y) {
      for (std::int64_t x = 0; x < view.width; ++x) {
        const double value = static_cast<double>(view.at(c, y, x));
        out[static_cast<std::size_t>(c * target.channel_stride + y * target.row_stride +
                                     x * target.column_stride)] =
            static_cast<float>((value * preprocess.scale - mean) / deviation);
      }
    }
  }
}

template <typename T>
void TransformTyped(const Tensor& sample, const Preprocess& preprocess, const Shape& shape,
                    std::span<float> out) {
  const bool is_image = sample.shape().size() == 3;
  const std::string& layout = is_image ? preprocess.stored_layout : preprocess.layout;
  const Planes<T> view = View(sample.span<T>().data(), sample.shape(), layout);
  const Planes<float> target = View<float>(nullptr, shape, preprocess.layout);
  if (!is_image || !preprocess.resize) return Emit(view, preprocess, is_image, target, out);
  std::vector<double> columns;
  std::vector<double> rows;
  Emit(Resize(view, *preprocess.resize, columns, rows), preprocess, is_image, target, out);
}

void TransformAny(const Tensor& sample, const Preprocess& preprocess, const Shape& shape,
                  std::span<float> out) {
  if (sample.dtype() == DType::kUint8)
    return TransformTyped<std::uint8_t>(sample, preprocess, shape, out);
  TransformTyped<float>(sample, preprocess, shape, out);
}

Expected<void> CheckChannels(std::int64_t channels, const Preprocess& preprocess,
                             const Shape& shape) {
  const auto fits = [&](const std::vector<double>& values) {
    return values.size() == 1 || static_cast<std::int64_t>(values.size()) == channels;
  };
  if (!fits(preprocess.mean) || !fits(preprocess.std)) {
    return Fail(
        "preprocessing: mean and std do not fit samples of shape {}, {} and {} values, 1 or {} are "
        "allowed",
        ShapeText(shape), preprocess.mean.size(), preprocess.std.size(), channels);
  }
  return {};
}

Expected<Shape> PlanImage(const Shape& shape, const Preprocess& preprocess) {
  const Planes<float> view = View<float>(nullptr, shape, preprocess.stored_layout);
  std::int64_t height = view.height;
  std::int64_t width = view.width;
  if (preprocess.color == "bgr" && view.channels != 3) {
    return Fail("preprocessing: color is bgr but samples of shape {} have {} channels, bgr needs 3",
                ShapeText(shape), view.channels);
  }
  if (preprocess.resize) {
    const auto size = ResizedSize(height, width, *preprocess.resize);
    height = size[0];
    width = size[1];
  }
  if (preprocess.center_crop) {
    const std::int64_t side = *preprocess.center_crop;
    if (side > height || side > width) {
      return Fail(
          "preprocessing: center_crop is larger than the image, {} of {}x{}, at most {} is "
          "allowed; resize first",
          side, height, width, std::min(height, width));
    }
    height = width = side;
  }
  if (preprocess.layout == "nhwc") return Shape{height, width, view.channels};
  return Shape{view.channels, height, width};
}

}  // namespace

Expected<RowPlan> PlanRows(const TensorType& sample, const Preprocess& preprocess) {
  const Shape& shape = sample.shape;
  const bool is_image = shape.size() == 3;
  if (ElementCount(shape) == 0) {
    return Fail("preprocessing: samples of shape {} have no elements, at least one is needed",
                ShapeText(shape));
  }
  if (!is_image && (preprocess.resize || preprocess.center_crop || preprocess.color == "bgr")) {
    return Fail(
        "preprocessing: resize, center_crop and bgr do not fit samples of shape {}, images with 3 "
        "axes are needed",
        ShapeText(shape));
  }
  RowPlan plan{1, shape};
  if (is_image) {
    BW_ASSIGN(plan.row_shape, PlanImage(shape, preprocess));
  }
  BW_TRY(CheckChannels(View<float>(nullptr, plan.row_shape, preprocess.layout).channels, preprocess,
                       shape));
  if (preprocess.window > 0) {
    if (shape.size() != 2 || shape[0] < preprocess.window) {
      return Fail(
          "preprocessing: window is {} but samples have shape {}, [T, F] with T of at least {} is "
          "needed",
          preprocess.window, ShapeText(shape), preprocess.window);
    }
    plan = {shape[0] - preprocess.window + 1, {preprocess.window * shape[1]}};
  }
  return plan;
}

void TransformSample(const Tensor& sample, const Preprocess& preprocess, std::span<float> out) {
  const auto plan = PlanRows(sample.type(), preprocess);
  BW_CHECK(plan.has_value() && static_cast<std::size_t>(plan->elements()) == out.size());
  if (preprocess.window == 0) return TransformAny(sample, preprocess, plan->row_shape, out);
  std::vector<float> frames(static_cast<std::size_t>(sample.size()));
  TransformAny(sample, preprocess, sample.shape(), frames);
  const std::int64_t frame = sample.shape()[1];
  for (std::int64_t row = 0; row < plan->rows; ++row) {
    std::copy_n(frames.begin() + row * frame, preprocess.window * frame,
                out.begin() + row * preprocess.window * frame);
  }
}

}  // namespace bw
