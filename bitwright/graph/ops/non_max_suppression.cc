// Boxes [N, boxes, 4] and scores [N, classes, boxes] to the chosen [chosen, 3] of (batch, class,
// box): by falling score, without those that overlap a chosen one by more than the threshold.

#include <numeric>

#include "bitwright/graph/checks.h"

namespace bw::ops {
namespace {

struct Limits {
  std::int64_t most = 0;
  double overlap = 0, score = 0;
  bool has_score = false, centred = false;
};

struct Box {
  double y1, x1, y2, x2;
  double area() const { return (y2 - y1) * (x2 - x1); }
};

Box BoxAt(const float* at, bool centred) {
  const double a = static_cast<double>(at[0]), b = static_cast<double>(at[1]);
  const double c = static_cast<double>(at[2]), d = static_cast<double>(at[3]);
  if (centred) return {b - d / 2, a - c / 2, b + d / 2, a + c / 2};
  return {std::min(a, c), std::min(b, d), std::max(a, c), std::max(b, d)};
}

double Overlap(const Box& a, const Box& b) {
  const double height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  const double width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  if (height <= 0 || width <= 0) return 0;
  const double both = height * width, all = a.area() + b.area() - both;
  return all > 0 ? both / all : 0;
}

Limits ReadLimits(const Node& node, std::span<const ConstTensorRef> inputs) {
  const auto given = [&](std::size_t i) { return i < inputs.size() && inputs[i].data != nullptr; };
  Limits limits;
  if (given(2)) limits.most = std::max<std::int64_t>(ReadInts(inputs[2])[0], 0);
  if (given(3)) limits.overlap = static_cast<double>(inputs[3].span<float>()[0]);
  limits.has_score = given(4);
  if (given(4)) limits.score = static_cast<double>(inputs[4].span<float>()[0]);
  limits.centred = node.attributes.Int("center_point_box", 0) != 0;
  return limits;
}

std::vector<std::int64_t> ChooseOfClass(const Limits& limits, std::int64_t count,
                                        const float* boxes, const float* scores) {
  std::vector<std::int64_t> order, chosen;
  for (std::int64_t i = 0; i < count; ++i) {
    if (!limits.has_score || static_cast<double>(scores[i]) > limits.score) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return scores[a] > scores[b] || (scores[a] == scores[a] && scores[b] != scores[b]);
  });
  for (const std::int64_t i : order) {
    if (static_cast<std::int64_t>(chosen.size()) >= limits.most) break;
    const Box box = BoxAt(boxes + 4 * i, limits.centred);
    const bool hidden = std::any_of(chosen.begin(), chosen.end(), [&](std::int64_t other) {
      return Overlap(box, BoxAt(boxes + 4 * other, limits.centred)) > limits.overlap;
    });
    if (!hidden) chosen.push_back(i);
  }
  return chosen;
}

std::vector<std::int64_t> Choose(const Node& node, std::span<const ConstTensorRef> inputs) {
  const Limits limits = ReadLimits(node, inputs);
  const std::int64_t count = inputs[0].shape[1], classes = inputs[1].shape[1];
  std::vector<std::int64_t> rows;
  for (std::int64_t k = 0; k < inputs[0].shape[0] * classes; ++k) {
    const float* boxes = inputs[0].span<float>().data() + k / classes * count * 4;
    const float* scores = inputs[1].span<float>().data() + k * count;
    for (const std::int64_t box : ChooseOfClass(limits, count, boxes, scores)) {
      rows.insert(rows.end(), {k / classes, k % classes, box});
    }
  }
  return rows;
}

Expected<Types> Infer(const InferInput& in) {
  BW_TRY(CheckCounts(in, {2, 5, 1}));
  const Shape &boxes = in.types[0].shape, &scores = in.types[1].shape;
  for (const std::size_t i : {0, 1, 3, 4}) {
    if (in.has(i)) BW_TRY(CheckFloat(in, i));
  }
  const bool fit = boxes.size() == 3 && scores.size() == 3 && boxes[2] == 4 &&
                   boxes[0] == scores[0] && boxes[1] == scores[2];
  if (!fit) {
    return Fail("boxes are {} and scores {}, [N, boxes, 4] and [N, classes, boxes] are needed",
                ShapeText(boxes), ShapeText(scores));
  }
  std::vector<ConstTensorRef> refs;
  constexpr std::string_view kNames[] = {"boxes", "scores", "max_output_boxes_per_class",
                                         "iou_threshold", "score_threshold"};
  for (std::size_t i = 0; i < in.node.inputs.size(); ++i) {
    if (i == 2 && in.has(i)) BW_TRY(CheckDType(in, i, kIndex));
    if (i > 1 && in.has(i) && ElementCount(in.types[i].shape) != 1) {
      return Fail("input {} ({}) is {}, a scalar is needed", i, kNames[i],
                  ShapeText(in.types[i].shape));
    }
    if (in.has(i) && in.constants[i] == nullptr) return NotKnown(in, i, kNames[i]);
    refs.push_back(in.has(i) ? ConstTensorRef(*in.constants[i]) : ConstTensorRef{});
  }
  const auto count = static_cast<std::int64_t>(Choose(in.node, refs).size() / 3);
  return Types{{DType::kInt64, {count, 3}}};
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  const std::vector<std::int64_t> rows = Choose(node, inputs);
  std::copy(rows.begin(), rows.end(), outputs[0].span<std::int64_t>().begin());
}

}  // namespace

BW_ENTRY(OpDef, non_max_suppression) = {
    .name = "NonMaxSuppression", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
