#pragma once
// The part of the report that says what the accuracy is worth on samples that nobody has seen.

#include <nlohmann/json.hpp>
#include <string>

#include "bitwright/report/report.h"

namespace bw {

// Null where there is none (docs/report.md).
nlohmann::ordered_json CertificateJson(const Report& report);
nlohmann::ordered_json SplitsJson(const Report& report);

// Sentences; empty where there is none.
std::string CertificateText(const Report& report);

}  // namespace bw
