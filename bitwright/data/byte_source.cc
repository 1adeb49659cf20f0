#include "bitwright/data/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace bw {

struct ByteSource::State {
  std::string name;
  std::string memory;
  int file = -1;
  std::size_t size = 0;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (file >= 0) ::close(file);
  }
};

Expected<ByteSource> ByteSource::OpenFile(const std::string& path) {
  auto state = std::make_shared<State>();
  state->name = path;
  state->file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (state->file < 0) {
    return Fail("{}: cannot be opened, {}, a readable file is needed", path, std::strerror(errno));
  }
  struct stat status = {};
  if (::fstat(state->file, &status) != 0 || !S_ISREG(status.st_mode)) {
    return Fail("{}: cannot be read, it is a folder or a device, a regular file is needed", path);
  }
  state->size = static_cast<std::size_t>(status.st_size);
  ByteSource source;
  source.state_ = std::move(state);
  return source;
}

ByteSource ByteSource::FromMemory(std::string bytes, std::string name) {
  auto state = std::make_shared<State>();
  state->name = std::move(name);
  state->memory = std::move(bytes);
  state->size = state->memory.size();
  ByteSource source;
  source.state_ = std::move(state);
  return source;
}

std::size_t ByteSource::size() const { return state_->size; }
const std::string& ByteSource::name() const { return state_->name; }

Expected<void> ByteSource::Read(std::size_t offset, std::span<std::uint8_t> out) const {
  if (offset > state_->size || out.size() > state_->size - offset) {
    return Fail("{}: ends too early, {} bytes, at least {} are needed", state_->name, state_->size,
                offset + out.size());
  }
  if (state_->file < 0) {
    std::copy_n(state_->memory.begin() + static_cast<std::ptrdiff_t>(offset), out.size(),
                out.begin());
    return {};
  }
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::pread(state_->file, out.data() + done, out.size() - done,
                                static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return Fail("{}: cannot be read at byte {}, {}, {} more bytes are needed", state_->name,
                  offset + done, got < 0 ? std::strerror(errno) : "the file has become shorter",
                  out.size() - done);
    }
    done += static_cast<std::size_t>(got);
  }
  return {};
}

Expected<std::string> ByteSource::ReadUpTo(std::size_t offset, std::size_t count) const {
  const std::size_t start = std::min(offset, size());
  std::string bytes(std::min(count, size() - start), '\0');
  BW_TRY(Read(start, std::span(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size())));
  return bytes;
}

}  // namespace bw
