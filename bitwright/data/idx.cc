#include "bitwright/data/idx.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace bw {
namespace {

constexpr std::size_t kMaxInflated = std::size_t{1} << 32;

struct GzClose {
  void operator()(gzFile_s* file) const { gzclose(file); }
};

bool IsGzip(const std::string& head) { return head.starts_with("\x1f\x8b"); }

std::size_t HeaderBytes(int rank) { return 4 + 4 * static_cast<std::size_t>(rank); }

Expected<Shape> ParseHeader(const std::string& head, int rank, const std::string& where) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(head[i]); };
  if (head.size() < HeaderBytes(rank)) {
    return Fail("{}: header ends too early, {} bytes, {} are needed", where, head.size(),
                HeaderBytes(rank));
  }
  if (byte(0) != 0 || byte(1) != 0 || byte(2) != 8 || byte(3) != rank) {
    return Fail(
        "{}: not the idx file that is needed, it starts with {:02x} {:02x} {:02x} {:02x}, 00 00 08 "
        "{:02x} "
        "(unsigned bytes, {} axes) must stand there",
        where, byte(0), byte(1), byte(2), byte(3), rank, rank);
  }
  Shape shape;
  for (int axis = 0; axis < rank; ++axis) {
    const std::size_t at = HeaderBytes(axis);
    shape.push_back((std::int64_t{byte(at)} << 24) | (byte(at + 1) << 16) | (byte(at + 2) << 8) |
                    byte(at + 3));
  }
  return shape;
}

// Header and elements together; fails above kMaxInflated.
Expected<std::size_t> TotalBytes(const Shape& shape, const std::string& where) {
  std::size_t total = 1;
  for (const std::int64_t extent : shape) {
    if (__builtin_mul_overflow(total, static_cast<std::size_t>(extent), &total) ||
        total > kMaxInflated) {
      return Fail("{}: header claims too much, shape {}, at most {} elements are allowed", where,
                  ShapeText(shape), kMaxInflated);
    }
  }
  return total + HeaderBytes(static_cast<int>(shape.size()));
}

// At most `count` bytes, appended; fewer at the end of the file.
Expected<void> Inflate(gzFile_s* file, std::size_t count, std::string& bytes,
                       const std::string& where) {
  constexpr std::size_t kPiece = 1 << 20;
  while (count > 0) {
    const std::size_t before = bytes.size();
    const std::size_t piece = std::min(count, kPiece);
    bytes.resize(before + piece);
    const int got = gzread(file, bytes.data() + before, static_cast<unsigned>(piece));
    int code = Z_OK;
    const char* reason = gzerror(file, &code);
    if (got < 0 || code < 0) {
      return Fail("{}: damaged gzip file, {}, a whole one is needed", where, reason);
    }
    bytes.resize(before + static_cast<std::size_t>(got));
    if (got == 0) break;
    count -= static_cast<std::size_t>(got);
  }
  return {};
}

Expected<ByteSource> InflateIdx(const std::string& path, int rank) {
  const std::unique_ptr<gzFile_s, GzClose> file(gzopen(path.c_str(), "rb"));
  if (!file) return Fail("{}: cannot be opened, a readable file is needed", path);
  std::string bytes;
  BW_TRY(Inflate(file.get(), HeaderBytes(rank), bytes, path));
  BW_ASSIGN(const Shape shape, ParseHeader(bytes, rank, path));
  BW_ASSIGN(const std::size_t total, TotalBytes(shape, path));
  BW_TRY(Inflate(file.get(), total - bytes.size() + 1, bytes, path));
  return ByteSource::FromMemory(std::move(bytes), path);
}

}  // namespace

bool LooksLikeIdx(const std::string& path) {
  const auto file = ByteSource::OpenFile(path);
  if (!file) return false;
  const auto head = file->ReadUpTo(0, 4);
  if (!head) return false;
  if (IsGzip(*head)) return path.find("idx") != std::string::npos;
  return head->size() == 4 && std::memcmp(head->data(), "\0\0\x08", 3) == 0;
}

Expected<IdxArray> OpenIdx(const std::string& path, int rank) {
  IdxArray array;
  BW_ASSIGN(array.bytes, ByteSource::OpenFile(path));
  BW_ASSIGN(std::string head, array.bytes.ReadUpTo(0, HeaderBytes(rank)));
  if (IsGzip(head)) {
    BW_ASSIGN(array.bytes, InflateIdx(path, rank));
    BW_ASSIGN(head, array.bytes.ReadUpTo(0, HeaderBytes(rank)));
  }
  BW_ASSIGN(array.shape, ParseHeader(head, rank, path));
  BW_ASSIGN(const std::size_t total, TotalBytes(array.shape, path));
  if (array.bytes.size() != total) {
    return Fail("{}: size does not match the header, {} bytes, shape {} needs {}", path,
                array.bytes.size(), ShapeText(array.shape), total);
  }
  array.data_offset = HeaderBytes(rank);
  return array;
}

}  // namespace bw
