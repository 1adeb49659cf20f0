#include "bitwright/export/packed_weights.h"

#include <limits>
#include <numeric>

#include "bitwright/export/code_values.h"

namespace bw {
namespace {

using onnx::TensorProto;
using proto::Body;

constexpr int kByteBits = 8;
constexpr int kTwoByteBits = 9;  // the widest code that always lies within two bytes

enum class CodeLayout { kBytes, kTwoBytes, kThreeBytes };
// Coded: bytes that index a table of the scale format's values; of two levels: these times a float.
enum class ScaleForm { kFloat, kCoded, kTwoLevel };

// What distinguishes one decoding function from another.
struct DecodeKind {
  CodeLayout layout = CodeLayout::kTwoBytes;
  bool linear = false;  // values by linear pieces, else by a codebook
  bool zeros = false;
  bool tiles = false;
  ScaleForm scale = ScaleForm::kFloat;

  std::string Name() const {
    static constexpr const char* kLayouts[] = {"Bytes", "Packed", "PackedWide"};
    static constexpr const char* kScales[] = {"", "CodedScales", "TwoLevelScales"};
    return std::string("Decode") + kLayouts[static_cast<int>(layout)] + (linear ? "Linear" : "") +
           (zeros ? "Zeros" : "") + (tiles ? "Tiles" : "") + kScales[static_cast<int>(scale)];
  }

  std::vector<std::string> Inputs() const {
    std::vector<std::string> inputs = {"codes", "scale", "table"};
    if (linear) inputs.push_back("step");
    if (zeros) inputs.push_back("zeros");
    if (scale != ScaleForm::kFloat) inputs.push_back("scales");
    if (scale == ScaleForm::kTwoLevel) inputs.push_back("tensor_scale");
    return inputs;
  }
};

CodeLayout LayoutOf(int bits) {
  if (bits == kByteBits) return CodeLayout::kBytes;
  return bits <= kTwoByteBits ? CodeLayout::kTwoBytes : CodeLayout::kThreeBytes;
}

std::string Times(Body& body, const std::string& a, std::int32_t factor) {
  return body.Op("Mul", {a, body.Int32(factor)});
}

// The codes of one row of n bytes become 8 int32 codes; all rows: [rows, 8].
std::string UnpackRows(Body& body, const std::string& bytes, CodeLayout layout) {
  std::vector<std::int32_t> powers(17);
  for (std::size_t i = 0; i < powers.size(); ++i) powers[i] = 1 << i;
  const std::string bits = body.IntParameter("bits");
  const std::string eight = body.Int64(kByteBits), one = body.Int64(1);
  const std::string two_to = body.Constant(proto::FromVector("", TensorProto::INT32, powers));
  const std::string row_bits = body.Op("Mul", {bits, eight});
  const std::string start = body.Op("Range", {body.Int64(0), row_bits, bits});
  const std::string last = body.Op("Sub", {bits, one});
  const std::string wide = body.Cast(bytes, TensorProto::INT32);
  std::string index = body.Op("Div", {start, eight});
  std::string word = body.Op("Gather", {wide, index}, {proto::Int("axis", 1)});
  std::int32_t weight = 1;
  for (int extra = 0; extra < static_cast<int>(layout); ++extra) {
    weight *= 256;
    index = body.Op("Min", {body.Op("Add", {index, one}), last});
    const std::string next = body.Op("Gather", {wide, index}, {proto::Int("axis", 1)});
    word = body.Op("Add", {word, Times(body, next, weight)});
  }
  const std::string shift = body.Op("Gather", {two_to, body.Op("Mod", {start, eight})});
  return body.Op("Mod", {body.Op("Div", {word, shift}), body.Op("Gather", {two_to, bits})});
}

// int32 codes of the shape that `shape` (an int64 vector) holds.
std::string Codes(Body& body, const std::string& bytes, CodeLayout layout,
                  const std::string& shape) {
  if (layout == CodeLayout::kBytes) {
    return body.Op("Reshape", {body.Cast(bytes, TensorProto::INT32), shape});
  }
  const std::string rows = UnpackRows(body, bytes, layout);
  const std::string flat = body.Op("Reshape", {rows, body.Int64s({-1})});
  const std::string count = body.Op("ReduceProd", {shape}, {proto::Int("keepdims", 1)});
  return body.Op("Reshape", {body.Op("Slice", {flat, body.Int64s({0}), count}), shape});
}

std::string Values(Body& body, const std::string& codes, bool linear) {
  if (!linear) return body.Cast(body.Op("Gather", {"table", codes}), TensorProto::FLOAT);
  const std::string span = body.Cast(body.IntParameter("span"), TensorProto::INT32);
  const std::string piece = body.Op("Div", {codes, span});
  const std::string low = body.Cast(body.Op("Mod", {codes, span}), TensorProto::FLOAT);
  const std::string rise = body.Op("Mul", {body.Op("Gather", {"step", piece}), low});
  return body.Op("Add", {body.Op("Gather", {"table", piece}), rise});
}

// Along `axis`, entry i of the result is entry i / size of the values.
std::string Spread(Body& body, const std::string& values, int axis, const std::string& extent,
                   const std::string& size) {
  const std::string all =
      body.Op("Range", {body.Int64(0), body.IntParameter(extent), body.Int64(1)});
  const std::string index = body.Op("Div", {all, body.IntParameter(size)});
  return body.Op("Gather", {values, index}, {proto::Int("axis", axis)});
}

// Values of tiles [outer, tile rows, tile columns], one for each element [outer, rows, columns].
std::string SpreadTiles(Body& body, const std::string& values) {
  return Spread(body, Spread(body, values, 1, "rows", "tile_rows"), 2, "columns", "tile_columns");
}

// Broadcasts to the elements' view.
std::string Scales(Body& body, const DecodeKind& kind) {
  if (kind.scale == ScaleForm::kFloat) return body.Cast("scale", TensorProto::FLOAT);
  const std::string codes = body.Cast("scale", TensorProto::INT32);
  const std::string values = body.Cast(body.Op("Gather", {"scales", codes}), TensorProto::FLOAT);
  return kind.scale == ScaleForm::kCoded ? values : body.Op("Mul", {values, "tensor_scale"});
}

void BuildDecode(Body& body, const DecodeKind& kind) {
  const std::string codes = Codes(body, "codes", kind.layout, body.IntsParameter("view"));
  std::string values = Values(body, codes, kind.linear);
  std::string scale = Scales(body, kind);
  if (kind.zeros) {
    const std::string zero_codes = Codes(body, "zeros", kind.layout, body.Op("Shape", {scale}));
    std::string zeros = Values(body, zero_codes, kind.linear);
    if (kind.tiles) zeros = SpreadTiles(body, zeros);
    values = body.Op("Sub", {values, zeros});
  }
  if (kind.tiles) scale = SpreadTiles(body, scale);
  const std::string product = body.Op("Mul", {scale, values});
  body.OpInto("y", "Reshape", {product, body.IntsParameter("shape")});
}

TensorProto CodesTensor(std::vector<std::uint8_t> packed, int bits) {
  if (bits == kByteBits) return proto::FromVector("codes", TensorProto::UINT8, packed);
  const std::int64_t width = bits;
  const std::int64_t rows = (static_cast<std::int64_t>(packed.size()) + width - 1) / width;
  packed.resize(static_cast<std::size_t>(rows * width));
  const std::int64_t dims[] = {rows, width};
  return proto::FromElements("codes", TensorProto::UINT8, dims, packed);
}

TensorProto ZerosTensor(const QTensor& tensor) {
  std::vector<Code> codes;
  for (const std::int32_t zero : tensor.params.zeros) {
    codes.push_back(tensor.spec.element.Encode(zero));
  }
  const int bits = tensor.spec.element.bits();
  TensorProto proto = CodesTensor(Pack(codes, bits), bits);
  proto.set_name("zeros");
  return proto;
}

// Scale formats of up to 8 bits are stored as codes, half precision as itself, all others as float.
ScaleForm ScaleFormOf(const QuantSpec& spec) {
  if (spec.two_level) return ScaleForm::kTwoLevel;
  return spec.scale.bits() <= kByteBits ? ScaleForm::kCoded : ScaleForm::kFloat;
}

bool IsHalf(const Format& format) { return format.name() == "fp16"; }

TensorProto ScalesTensor(const QTensor& tensor, std::span<const std::int64_t> dims) {
  const Format& format = tensor.spec.scale;
  const ScaleForm form = ScaleFormOf(tensor.spec);
  const auto tensor_scale = static_cast<double>(tensor.params.tensor_scale);
  std::vector<std::uint8_t> small;
  std::vector<std::uint16_t> half;
  for (const float scale : tensor.params.scales) {
    const Code code = format.Encode(static_cast<double>(scale) / tensor_scale);
    if (form != ScaleForm::kFloat) small.push_back(static_cast<std::uint8_t>(code));
    if (IsHalf(format)) half.push_back(static_cast<std::uint16_t>(code));
  }
  if (!small.empty()) return proto::FromElements("scale", TensorProto::UINT8, dims, small);
  if (!half.empty()) return proto::FromElements("scale", TensorProto::FLOAT16, dims, half);
  return proto::FromElements("scale", TensorProto::FLOAT, dims, tensor.params.scales);
}

std::string SharedFloats(ModelWriter& model, const std::string& key,
                         const std::vector<float>& elements) {
  return model.SharedTable(key,
                           [&] { return proto::FromVector("", TensorProto::FLOAT, elements); });
}

std::string SharedCodebook(ModelWriter& model, const Format& format) {
  return model.SharedTable(format.name() + ".codebook",
                           [&] { return proto::SmallFloats("", Codebook(format)); });
}

struct Views {
  Shape elements;  // [outer, groups, block, inner]; of tiles [outer, rows, columns]
  Shape scales;    // broadcasts to it; of tiles one for each tile
};

Grouping GroupingOf(const QTensor& tensor) {
  auto grouping = MakeGrouping(tensor.spec.grain, tensor.shape);
  BW_CHECK(grouping.has_value());
  return *std::move(grouping);
}

bool IsTiled(const QTensor& tensor) { return GroupingOf(tensor).inner_block > 0; }

Views ViewsOf(const QTensor& tensor) {
  const Grouping grouping = GroupingOf(tensor);
  const auto tiles = [](std::int64_t extent, std::int64_t size) {
    return (extent + size - 1) / size;
  };
  if (grouping.inner_block > 0) {
    return {{grouping.outer, grouping.reduce, grouping.inner},
            {grouping.outer, tiles(grouping.reduce, grouping.block),
             tiles(grouping.inner, grouping.inner_block)}};
  }
  const std::int64_t groups = grouping.reduce / grouping.block;
  return {{grouping.outer, groups, grouping.block, grouping.inner},
          {grouping.outer_shared ? 1 : grouping.outer, groups, 1,
           grouping.inner_shared ? 1 : grouping.inner}};
}

// In the order of DecodeKind::Inputs.
std::vector<std::string> DecodeInputs(ModelWriter& model, const QTensor& tensor,
                                      const DecodeKind& kind,
                                      const std::optional<LinearPieces>& pieces) {
  const Format& element = tensor.spec.element;
  const Format& scale = tensor.spec.scale;
  std::vector<std::string> inputs = {
      model.AddInitializer(CodesTensor(tensor.codes, element.bits())),
      model.AddInitializer(ScalesTensor(tensor, ViewsOf(tensor).scales))};
  if (pieces) {
    inputs.push_back(SharedFloats(model, element.name() + ".base", pieces->base));
    inputs.push_back(SharedFloats(model, element.name() + ".step", pieces->step));
  } else {
    inputs.push_back(model.SharedTable(element.name() + ".codebook",
                                       [&] { return proto::SmallFloats("", Codebook(element)); }));
  }
  if (kind.zeros) inputs.push_back(model.AddInitializer(ZerosTensor(tensor)));
  if (kind.scale != ScaleForm::kFloat) {
    inputs.push_back(SharedCodebook(model, scale));
  }
  if (kind.scale == ScaleForm::kTwoLevel) {
    inputs.push_back(model.AddInitializer(proto::FromVector(
        "tensor_scale", TensorProto::FLOAT, std::vector<float>{tensor.params.tensor_scale})));
  }
  return inputs;
}

std::vector<onnx::AttributeProto> DecodeAttributes(const QTensor& tensor, const DecodeKind& kind,
                                                   const std::optional<LinearPieces>& pieces) {
  std::vector<onnx::AttributeProto> attributes;
  if (kind.layout != CodeLayout::kBytes) {
    attributes.push_back(proto::Int("bits", tensor.spec.element.bits()));
  }
  if (pieces) attributes.push_back(proto::Int("span", pieces->span));
  if (kind.tiles) {
    const Grouping grouping = GroupingOf(tensor);
    attributes.push_back(proto::Int("rows", grouping.reduce));
    attributes.push_back(proto::Int("tile_rows", grouping.block));
    attributes.push_back(proto::Int("columns", grouping.inner));
    attributes.push_back(proto::Int("tile_columns", grouping.inner_block));
  }
  attributes.push_back(proto::Ints("view", ViewsOf(tensor).elements));
  attributes.push_back(proto::Ints("shape", tensor.shape));
  return attributes;
}

}  // namespace

void WritePacked(ModelWriter& model, const QTensor& tensor, const std::string& output) {
  const QuantSpec& spec = tensor.spec;
  const int bits = spec.element.bits();
  BW_CHECK(bits <= 16);
  std::optional<LinearPieces> pieces;
  if (bits > kByteBits) pieces = FindLinearPieces(spec.element);
  const DecodeKind kind{LayoutOf(bits), pieces.has_value(), !tensor.params.zeros.empty(),
                        IsTiled(tensor), ScaleFormOf(spec)};
  model.NeedFunction(kind.Name(), kind.Inputs(), [&](Body& body) { BuildDecode(body, kind); });
  model.Call(kind.Name(), DecodeInputs(model, tensor, kind, pieces), output,
             DecodeAttributes(tensor, kind, pieces));
}

}  // namespace bw
