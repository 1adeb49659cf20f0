#include "bitwright/data/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "bitwright/base/check.h"

namespace bw {
namespace {

struct ArchiveFree {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, ArchiveFree>;

// The archive's bytes as memory, so that an uncompressed member shows where it lies.
class Mapping {
 public:
  static Expected<Mapping> Open(const std::string& path, std::size_t size) {
    Mapping mapping;
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    void* data = file < 0 ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (file >= 0) ::close(file);
    if (data == MAP_FAILED)
      return Fail("{}: cannot be mapped, {} bytes, a readable file is needed", path, size);
    mapping.data_ = static_cast<const char*>(data);
    mapping.size_ = size;
    return mapping;
  }
  Mapping(Mapping&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping() {
    if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
  }

  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool Holds(const char* p, std::size_t count) const {
    return p >= data_ && p <= data_ + size_ && count <= static_cast<std::size_t>(data_ + size_ - p);
  }

 private:
  Mapping() = default;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

Reader MakeReader() {
  Reader reader(archive_read_new());
  BW_CHECK(reader != nullptr);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_bzip2(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_zip_seekable(reader.get());
  return reader;
}

std::string NameOf(archive_entry* entry) {
  const char* name = archive_entry_pathname(entry);
  if (name == nullptr) name = archive_entry_pathname_utf8(entry);
  std::string text = name == nullptr ? "" : name;
  while (text.starts_with("./")) text.erase(0, 2);
  return text;
}

// The text without line ends, which libarchive's reasons and hostile names may hold.
std::string OneLine(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

tl::unexpected<Error> Damaged(archive* reader, const std::string& path, const std::string& name) {
  const char* reason = archive_error_string(reader);
  return Fail("{}: damaged archive after '{}', {}, a whole .tar or .zip is needed", path,
              OneLine(name), OneLine(reason == nullptr ? "no reason given" : reason));
}

// Reads one member: where it lies in the mapping when it lies there in one piece, else its bytes.
class MemberReader {
 public:
  MemberReader(const Mapping& mapping, const ByteSource& file, std::size_t max_kept)
      : mapping_(mapping), file_(file), room_(max_kept) {}

  Expected<ArchiveMember> Read(archive* reader, const std::string& name) {
    start_ = nullptr;
    count_ = 0;
    kept_.clear();
    is_kept_ = false;
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    int status = ARCHIVE_OK;
    while ((status = archive_read_data_block(reader, &block, &size, &offset)) == ARCHIVE_OK) {
      BW_TRY(Add(static_cast<const char*>(block), size, static_cast<std::size_t>(offset), name));
    }
    if (status != ARCHIVE_EOF) return Damaged(reader, file_.name(), name);
    if (!is_kept_ && count_ > 0) {
      return ArchiveMember{name, file_, static_cast<std::size_t>(start_ - mapping_.data()), count_};
    }
    room_ -= kept_.size();
    const std::size_t kept_size = kept_.size();
    return ArchiveMember{
        name, ByteSource::FromMemory(std::move(kept_), fmt::format("{}: '{}'", file_.name(), name)),
        0, kept_size};
  }

 private:
  // One block of the member, which starts at `offset` of it; holes of sparse files read as zero.
  Expected<void> Add(const char* block, std::size_t size, std::size_t offset,
                     const std::string& name) {
    const bool continues = count_ == 0 ? offset == 0 : start_ + count_ == block && offset == count_;
    if (!is_kept_ && continues && mapping_.Holds(block, size)) {
      if (count_ == 0) start_ = block;
      count_ += size;
      return {};
    }
    if (offset > room_ || size > room_ - offset) {
      return Fail(
          "{}: too much to keep in memory at '{}', more than {} bytes are unpacked, at most that "
          "is allowed; "
          "unpack the archive into a folder",
          file_.name(), name, room_);
    }
    if (!is_kept_) kept_.assign(count_ > 0 ? start_ : "", count_);
    is_kept_ = true;
    kept_.resize(std::max(kept_.size(), offset));
    kept_.append(block, size);
    return {};
  }

  const Mapping& mapping_;
  const ByteSource& file_;
  std::size_t room_;
  const char* start_ = nullptr;
  std::size_t count_ = 0;
  std::string kept_;
  bool is_kept_ = false;
};

}  // namespace

Expected<std::vector<ArchiveMember>> ListArchive(
    const std::string& path, const std::function<bool(std::string_view name)>& wanted,
    std::size_t max_kept) {
  BW_ASSIGN(const ByteSource file, ByteSource::OpenFile(path));
  if (file.size() == 0)
    return Fail("{}: empty file, 0 bytes, a whole .tar or .zip is needed", path);
  BW_ASSIGN(const Mapping mapping, Mapping::Open(path, file.size()));
  const Reader reader = MakeReader();
  std::string name = "(its start)";
  if (archive_read_open_memory(reader.get(), mapping.data(), mapping.size()) != ARCHIVE_OK) {
    return Damaged(reader.get(), path, name);
  }
  MemberReader members(mapping, file, max_kept);
  std::vector<ArchiveMember> list;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK ||
         status == ARCHIVE_WARN) {
    name = NameOf(entry);
    if (archive_entry_filetype(entry) != AE_IFREG || !wanted(name)) continue;
    BW_ASSIGN(ArchiveMember member, members.Read(reader.get(), name));
    list.push_back(std::move(member));
  }
  if (status != ARCHIVE_EOF) return Damaged(reader.get(), path, name);
  return list;
}

Expected<std::string> ReadMember(const ArchiveMember& member) {
  return member.bytes.ReadUpTo(member.offset, member.size);
}

}  // namespace bw
