#include "bitwright/report/certificate_report.h"

namespace bw {
namespace {

using Json = nlohmann::ordered_json;

std::string Amount(double drop, bool percent) {
  return percent ? fmt::format("{:.2f}", 100 * drop) : fmt::format("{:.4f}", drop);
}

std::string Word(const Report& report) {
  if (!report.confidence_demanded) return "";
  return report.certificate->certified() ? "Certified. " : "NOT certified. ";
}

}  // namespace

Json CertificateJson(const Report& report) {
  if (!report.certificate) return nullptr;
  const Certificate& c = *report.certificate;
  Json json = {{"confidence", c.confidence},
               {"demanded", report.confidence_demanded},
               {"certified", c.max_drop ? Json(c.certified()) : Json(nullptr)},
               {"method", c.counts ? "exact" : "bootstrap"},
               {"samples", c.samples},
               {"drop", c.drop},
               {"interval", {c.interval.low, c.interval.high}},
               {"upper_limit", c.upper_limit},
               {"search_upper_limit",
                report.search_upper_limit ? Json(*report.search_upper_limit) : Json(nullptr)}};
  if (c.counts) {
    json["lost"] = c.counts->lost;
    json["won"] = c.counts->won;
    json["mcnemar_exact_p"] = McNemarExact(*c.counts);
    json["mcnemar_mid_p"] = McNemarMidP(*c.counts);
  }
  return json;
}

Json SplitsJson(const Report& report) {
  if (!report.splits) return nullptr;
  const SplitReport& s = *report.splits;
  return {{"calibration", s.calibration},
          {"search", s.search},
          {"test", s.test},
          {"search_in_calibration", s.search_in_calibration},
          {"test_in_others", s.test_in_others},
          {"disjoint", s.search_in_calibration == 0 && s.test_in_others == 0}};
}

std::string CertificateText(const Report& report) {
  if (!report.certificate) return "";
  const Certificate& c = *report.certificate;
  const bool percent = report.percent;
  const char* unit = percent ? " points" : "";
  std::string text = fmt::format(
      "{}With {:g} % confidence the drop on unseen samples is at most {}{}{}; {:g} % interval {} "
      "to "
      "{}{} ({}",
      Word(report), 100 * c.confidence, Amount(c.upper_limit, percent), unit,
      report.confidence_demanded ? fmt::format(" ({} allowed)", Amount(*c.max_drop, percent)) : "",
      100 * c.confidence, Amount(c.interval.low, percent), Amount(c.interval.high, percent), unit,
      c.counts ? "exact" : "bootstrap");
  if (c.counts) {
    text += fmt::format(": {} of {} samples lost, {} won; McNemar p = {:.2g}, mid-p {:.2g}",
                        c.counts->lost, c.counts->samples, c.counts->won, McNemarExact(*c.counts),
                        McNemarMidP(*c.counts));
  }
  return text + ").\n";
}

}  // namespace bw
