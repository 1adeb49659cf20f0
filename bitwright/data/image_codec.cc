#include "bitwright/data/image_codec.h"

#include <png.h>
#include <turbojpeg.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace bw {
namespace {

constexpr std::int64_t kMaxPixels = std::int64_t{1} << 27;

struct JpegDestroy {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Jpeg = std::unique_ptr<void, JpegDestroy>;

struct ImageHead {
  int width = 0, height = 0;
  int channels = 3;
};

const unsigned char* Data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

tl::unexpected<Error> Corrupt(const char* kind, const std::string& where, const char* reason) {
  return Fail("{}: corrupt {}, {}, a whole image is needed", where, kind, reason);
}

Expected<void> CheckSize(const ImageHead& head, const std::string& where) {
  if (head.width > 0 && head.height > 0 && std::int64_t{head.width} * head.height <= kMaxPixels)
    return {};
  return Fail("{}: image size is {}x{}, 1 to {} pixels are allowed", where, head.width, head.height,
              kMaxPixels);
}

Expected<ImageHead> JpegHead(tjhandle jpeg, std::string_view bytes, const std::string& where) {
  ImageHead head;
  int sampling = 0;
  int color = 0;
  if (tjDecompressHeader3(jpeg, Data(bytes), bytes.size(), &head.width, &head.height, &sampling,
                          &color) != 0) {
    return Corrupt("JPEG", where, tjGetErrorStr2(jpeg));
  }
  if (head.width == 0) return Corrupt("JPEG", where, "no frame header");
  if (color == TJCS_CMYK || color == TJCS_YCCK) {
    return Fail("{}: unsupported JPEG colors, CMYK, RGB and gray are allowed; convert the file",
                where);
  }
  head.channels = color == TJCS_GRAY ? 1 : 3;
  BW_TRY(CheckSize(head, where));
  return head;
}

// Interleaved pixels to [channels,H,W].
Tensor ToPlanes(std::span<const std::uint8_t> pixels, const ImageHead& head, int channels) {
  Tensor image(DType::kUint8, {channels, head.height, head.width});
  const std::span<std::uint8_t> planes = image.span<std::uint8_t>();
  const auto count = static_cast<std::size_t>(channels);
  const std::size_t plane = planes.size() / count;
  for (std::size_t c = 0; c < count; ++c) {
    for (std::size_t i = 0; i < plane; ++i) planes[c * plane + i] = pixels[i * count + c];
  }
  return image;
}

std::vector<std::uint8_t> PixelBuffer(const ImageHead& head, int channels) {
  return std::vector<std::uint8_t>(static_cast<std::size_t>(head.width) *
                                   static_cast<std::size_t>(head.height) *
                                   static_cast<std::size_t>(channels));
}

Expected<Tensor> DecodeJpeg(std::string_view bytes, int channels, const std::string& where) {
  const Jpeg jpeg(tjInitDecompress());
  BW_CHECK(jpeg != nullptr);
  BW_ASSIGN(const ImageHead head, JpegHead(jpeg.get(), bytes, where));
  std::vector<std::uint8_t> pixels = PixelBuffer(head, channels);
  if (tjDecompress2(jpeg.get(), Data(bytes), bytes.size(), pixels.data(), head.width, 0,
                    head.height, channels == 1 ? TJPF_GRAY : TJPF_RGB, TJFLAG_ACCURATEDCT) != 0) {
    return Corrupt("JPEG", where, tjGetErrorStr2(jpeg.get()));
  }
  return ToPlanes(pixels, head, channels);
}

// Frees what libpng holds, whatever happens.
struct PngImage {
  png_image image = {};
  PngImage() { image.version = PNG_IMAGE_VERSION; }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;
  ~PngImage() { png_image_free(&image); }
};

Expected<ImageHead> PngHead(png_image& image, std::string_view bytes, const std::string& where) {
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) {
    return Corrupt("PNG", where, image.message);
  }
  const bool too_large = image.width > kMaxPixels || image.height > kMaxPixels;
  const ImageHead head{too_large ? 0 : static_cast<int>(image.width),
                       too_large ? 0 : static_cast<int>(image.height),
                       (image.format & PNG_FORMAT_FLAG_COLOR) != 0 ? 3 : 1};
  BW_TRY(CheckSize(head, where));
  return head;
}

Expected<Tensor> DecodePng(std::string_view bytes, int channels, const std::string& where) {
  PngImage png;
  BW_ASSIGN(const ImageHead head, PngHead(png.image, bytes, where));
  png.image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png.image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  std::vector<std::uint8_t> pixels = PixelBuffer(head, channels);
  const png_color black = {0, 0, 0};
  if (png_image_finish_read(&png.image, &black, pixels.data(), 0, nullptr) == 0) {
    return Corrupt("PNG", where, png.image.message);
  }
  return ToPlanes(pixels, head, channels);
}

bool IsPng(std::string_view bytes) { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }
bool IsJpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8"); }

tl::unexpected<Error> NotAnImage(std::string_view bytes, const std::string& where) {
  return Fail(
      "{}: not an image, {} bytes that start neither as JPEG nor as PNG, one of these is needed",
      where, bytes.size());
}

}  // namespace

Expected<int> ImageChannels(std::string_view bytes, const std::string& where) {
  if (IsPng(bytes)) {
    PngImage png;
    BW_ASSIGN(const ImageHead head, PngHead(png.image, bytes, where));
    return head.channels;
  }
  if (!IsJpeg(bytes)) return NotAnImage(bytes, where);
  const Jpeg jpeg(tjInitDecompress());
  BW_CHECK(jpeg != nullptr);
  BW_ASSIGN(const ImageHead head, JpegHead(jpeg.get(), bytes, where));
  return head.channels;
}

Expected<Tensor> DecodeImage(std::string_view bytes, int channels, const std::string& where) {
  BW_CHECK(channels == 1 || channels == 3);
  if (IsPng(bytes)) return DecodePng(bytes, channels, where);
  if (IsJpeg(bytes)) return DecodeJpeg(bytes, channels, where);
  return NotAnImage(bytes, where);
}

}  // namespace bw
