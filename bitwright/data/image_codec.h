#pragma once
// JPEG (libturbojpeg) and PNG (libpng), told apart by their first bytes.

#include <string>
#include <string_view>

#include "bitwright/base/error.h"
#include "bitwright/tensor/tensor.h"

namespace bw {

// 1 for a gray image, 3 for every other; reads the header alone. `where` stands in messages.
Expected<int> ImageChannels(std::string_view bytes, const std::string& where);

// uint8 [channels,H,W], RGB or gray; a gray image fills 3 channels with the same value. JPEG:
// accurate integer DCT and smooth chroma upsampling; any warning of the decoder is an error. PNG:
// 16 bits become 8, transparency lies on black. Orientation tags are not obeyed. Fails above 2^27
// pixels.
Expected<Tensor> DecodeImage(std::string_view bytes, int channels, const std::string& where);

}  // namespace bw
