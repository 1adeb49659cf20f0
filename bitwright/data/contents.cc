#include "bitwright/data/contents.h"

#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <mutex>
#include <set>

#include "bitwright/base/parallel.h"

namespace bw {

std::string ContentHash::Hex() const { return fmt::format("{:016x}{:016x}", high, low); }

ContentHash HashBytes(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

Expected<ContentHash> HashFile(const std::string& path) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                       &XXH3_freeState);
  XXH3_128bits_reset(state.get());
  std::ifstream in(path, std::ios::binary);
  std::vector<char> piece(std::size_t{1} << 20);
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    XXH3_128bits_update(state.get(), piece.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (!in.eof()) return Fail("{}: cannot be read: {}", path, std::strerror(errno));
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return ContentHash{hash.high64, hash.low64};
}

Expected<std::vector<ContentHash>> HashSamples(const Dataset& data, int threads) {
  std::vector<ContentHash> hashes(data.size());
  std::mutex mutex;
  Expected<void> outcome;
  ParallelFor(data.size(), threads, [&](std::size_t i, int) {
    const Expected<Tensor> sample = data.Batch(i, 1);
    if (sample) {
      const std::span<const float> values = sample->span<float>();
      hashes[i] = HashBytes({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
      return;
    }
    const std::scoped_lock lock(mutex);
    if (outcome) outcome = tl::unexpected(sample.error());
  });
  BW_TRY(outcome);
  return hashes;
}

ContentHash HashSet(const Dataset& data, const std::vector<ContentHash>& samples) {
  std::string text = fmt::format("{} rows of {} samples\n", data.rows_per_sample(), data.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    text += samples[i].Hex();
    if (data.has_labels()) text += fmt::format(" {}", data.label(i));
    text += '\n';
  }
  return HashBytes(text);
}

std::size_t CountShared(const std::vector<ContentHash>& samples,
                        const std::vector<ContentHash>& others) {
  const std::set<ContentHash> known(others.begin(), others.end());
  return static_cast<std::size_t>(
      std::count_if(samples.begin(), samples.end(),
                    [&](const ContentHash& hash) { return known.contains(hash); }));
}

}  // namespace bw
