#pragma once
// Weights that stand in a file beside the model.

#include <onnx/onnx_pb.h>

#include <string>

#include "bitwright/base/error.h"

namespace bw {

// `needed` bytes of the file that the external_data entries of `proto` name: relative to `folder`,
// from its offset (0 when absent). Fails when the path leaves the folder (also by a link), the file
// is missing or too short, or the length that the entries give is another.
Expected<std::string> ReadExternalData(const onnx::TensorProto& proto, const std::string& folder,
                                       std::int64_t needed);

}  // namespace bw
