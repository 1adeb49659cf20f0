#pragma once
// The codes of a weight as text in a plan: what was learned cannot be found again from the spec.

#include <string>
#include <vector>

#include "bitwright/tensor/qtensor.h"

namespace bw {

struct StoredCodes {
  std::string codes;  // QTensor::codes in base64 (RFC 4648, section 4)
  QuantParams params;
  std::string coded_for;  // QuantSpec text: stale once the spec is edited

  friend bool operator==(const StoredCodes& a, const StoredCodes& b) {
    return a.codes == b.codes && a.params.scales == b.params.scales &&
           a.params.zeros == b.params.zeros && a.params.tensor_scale == b.params.tensor_scale &&
           a.coded_for == b.coded_for;
  }
};

StoredCodes Store(const QTensor& tensor);

// The tensor again. Fails on text that is no base64 or not of the shape's length, on codes that
// denote no number, and on scales that CheckParams refuses.
Expected<QTensor> Restore(const StoredCodes& stored, const QuantSpec& spec, const Shape& shape);

}  // namespace bw
