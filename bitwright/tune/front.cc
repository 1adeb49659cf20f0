#include "bitwright/tune/front.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace bw {
namespace {

using Json = nlohmann::ordered_json;

Json CostsToJson(const Cost& cost) {
  Json json = Json::object();
  for (const QuantityInfo& info : Quantities()) {
    if (cost[info.quantity]) json[std::string(info.name)] = *cost[info.quantity];
  }
  return json;
}

Cost CostsFromJson(const Json& json) {
  Cost cost;
  for (const QuantityInfo& info : Quantities()) {
    const auto found = json.find(std::string(info.name));
    if (found != json.end()) cost[info.quantity] = found->get<double>();
  }
  return cost;
}

Json PointToJson(const Front& front, std::size_t index) {
  const FrontPoint& point = front.points[index];
  Json of = Json::array();
  for (const QuantityInfo& info : Quantities()) {
    if (IsOnFront(front, index, info.quantity)) of.push_back(info.name);
  }
  return {{"point", index + 1},
          {"accuracy", point.accuracy},
          {"drop", front.float_accuracy - point.accuracy},
          {"divergence", point.divergence},
          {"objective", point.objective},
          {"allowed", point.allowed},
          {"chosen", point.chosen},
          {"costs", CostsToJson(point.cost)},
          {"front_of", of},
          {"plan", Json::parse(PlanToJson(point.plan))}};
}

Expected<FrontPoint> PointFromJson(const Json& json, const std::string& where) {
  FrontPoint point;
  point.accuracy = json.at("accuracy");
  point.divergence = json.at("divergence");
  point.objective = json.at("objective");
  point.allowed = json.at("allowed");
  point.chosen = json.at("chosen");
  point.cost = CostsFromJson(json.at("costs"));
  BW_ASSIGN(point.plan, PlanFromJson(json.at("plan").dump(), where));
  return point;
}

Expected<Front> ReadFront(const Json& json, const std::string& where) {
  if (json.at("bitwright_front") != 1) return Fail("{}: it is no front of version 1", where);
  Front front;
  front.metric = json.at("metric");
  front.objective = json.at("minimized");
  front.percent = json.at("percent");
  front.samples = json.at("samples");
  front.float_accuracy = json.at("float").at("accuracy");
  front.float_cost = CostsFromJson(json.at("float").at("costs"));
  front.max_drop = json.at("max_drop");
  for (const Json& point : json.at("points")) {
    BW_ASSIGN(FrontPoint read, PointFromJson(point, where));
    front.points.push_back(std::move(read));
  }
  return front;
}

}  // namespace

bool IsOnFront(const Front& front, std::size_t point, Quantity quantity) {
  const FrontPoint& own = front.points[point];
  if (!own.cost[quantity]) return false;
  return std::none_of(front.points.begin(), front.points.end(), [&](const FrontPoint& other) {
    const double cost = other.cost[quantity].value_or(*own.cost[quantity]);
    return (cost <= *own.cost[quantity] && other.accuracy > own.accuracy) ||
           (cost < *own.cost[quantity] && other.accuracy >= own.accuracy);
  });
}

void AddChosen(Front& front, FrontPoint point) {
  const std::string text = PlanToJson(point.plan);
  std::erase_if(front.points,
                [&](const FrontPoint& other) { return PlanToJson(other.plan) == text; });
  for (FrontPoint& other : front.points) other.chosen = false;
  front.points.push_back(std::move(point));
  front = Thinned(std::move(front));
}

Front Thinned(Front front) {
  std::vector<FrontPoint> kept;
  for (std::size_t p = 0; p < front.points.size(); ++p) {
    const bool on = std::any_of(Quantities().begin(), Quantities().end(), [&](const auto& info) {
      return IsOnFront(front, p, info.quantity);
    });
    if (on || front.points[p].chosen) kept.push_back(front.points[p]);
  }
  std::stable_sort(kept.begin(), kept.end(), [](const FrontPoint& a, const FrontPoint& b) {
    return a.objective < b.objective;
  });
  front.points = std::move(kept);
  return front;
}

std::string FrontToJson(const Front& front) {
  Json json = {
      {"bitwright_front", 1},
      {"metric", front.metric},
      {"percent", front.percent},
      {"samples", front.samples},
      {"minimized", front.objective},
      {"max_drop", front.max_drop},
      {"float", {{"accuracy", front.float_accuracy}, {"costs", CostsToJson(front.float_cost)}}},
      {"points", Json::array()}};
  for (std::size_t p = 0; p < front.points.size(); ++p)
    json["points"].push_back(PointToJson(front, p));
  return json.dump(1) + "\n";
}

Expected<Front> FrontFromJson(std::string_view json, const std::string& where) {
  const Json parsed = Json::parse(json, nullptr, false);
  if (parsed.is_discarded())
    return Fail("{}: it is no JSON, a pareto.json of tune is needed", where);
  try {
    return ReadFront(parsed, where);
  } catch (const Json::exception& error) {
    return Fail("{}: {}; a pareto.json of tune is needed", where, error.what());
  }
}

std::string FrontToCsv(const Front& front) {
  std::string csv = "point,accuracy,drop,divergence,objective,allowed,chosen";
  const auto given = [&](const QuantityInfo& info) {
    return front.float_cost[info.quantity].has_value();
  };
  for (const QuantityInfo& info : Quantities()) {
    if (given(info)) csv += fmt::format(",{}", info.name);
  }
  csv += '\n';
  for (std::size_t p = 0; p < front.points.size(); ++p) {
    const FrontPoint& point = front.points[p];
    csv += fmt::format("{},{},{},{},{},{},{}", p + 1, point.accuracy,
                       front.float_accuracy - point.accuracy, point.divergence, point.objective,
                       point.allowed ? 1 : 0, point.chosen ? 1 : 0);
    for (const QuantityInfo& info : Quantities()) {
      if (given(info)) csv += fmt::format(",{}", point.cost[info.quantity].value_or(0));
    }
    csv += '\n';
  }
  return csv;
}

}  // namespace bw
