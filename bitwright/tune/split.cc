#include <array>

#include "bitwright/tune/tune.h"

namespace bw {

Expected<TuneData> SplitData(const DataSources& sources, std::uint64_t seed) {
  const bool calibration = sources.calibration.has_value(), test = sources.test.has_value();
  std::vector<double> shares;
  if (!calibration && !test)
    shares = {0.2, 0.4, 0.4};
  else if (calibration && !test)
    shares = {0.5, 0.5};
  else if (!calibration)
    shares = {0.3, 0.7};
  else
    shares = {1.0};
  const std::vector<Dataset> parts = SplitDataset(sources.data, shares, seed);
  std::size_t next = 0;
  TuneData data{calibration ? *sources.calibration : parts[0], parts[0], parts[0]};
  if (calibration)
    data.calibration = SplitDataset(*sources.calibration, std::array{1.0}, seed)[0];
  else
    data.calibration = parts[next++];
  data.search = parts[next++];
  data.test = test ? *sources.test : parts[next];
  for (const Dataset* part : {&data.calibration, &data.search, &data.test}) {
    if (part->size() == 0) {
      return Fail(
          "{}: {} samples are too few to split into calibration, search and test; give more, or "
          "--calib and --test",
          sources.data.origin(), sources.data.size());
    }
  }
  return data;
}

}  // namespace bw
