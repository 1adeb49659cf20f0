#pragma once
// Formats ranked on one tensor: `bitwright formats compare`.

#include <string>
#include <string_view>
#include <vector>

#include "bitwright/quant/fit_spec.h"

namespace bw {

struct FormatScore {
  std::string spec;
  double bits = 0;           // of one element, its share of scales and tables included
  double squared_error = 0;  // mean
  double sqnr_db = 0;        // infinite when nothing is lost
  double largest_error = 0;  // of an element
};

// Every spec on the tensor with scales by `method`, least error first. A spec that does not fit the
// tensor is an error that names it.
Expected<std::vector<FormatScore>> CompareFormats(const Tensor& tensor,
                                                  const std::vector<QuantSpec>& specs,
                                                  std::string_view method);

// The array of a .npy file as float32, or the constant `name` of an .onnx or .tflite file; without
// a name the largest one.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};
Expected<NamedTensor> LoadTensor(const std::string& path, const std::string& name);

}  // namespace bw
