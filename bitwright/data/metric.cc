#include "bitwright/data/metric.h"

namespace bw {

const Metric* FindMetric(std::string_view name) {
  for (const Metric* metric : metrics::All()) {
    if (metric->name == name) return metric;
  }
  return nullptr;
}

}  // namespace bw
