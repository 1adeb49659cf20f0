#include "bitwright/export/model_writer.h"

namespace bw {

ModelWriter::ModelWriter(const Graph& graph) {
  for (const Value& value : graph.values) names_.insert(value.name);
}

std::string ModelWriter::FreshName(const std::string& stem) {
  std::string name = stem;
  for (int i = 1; !names_.insert(name).second; ++i) name = stem + "_" + std::to_string(i);
  return name;
}

std::string ModelWriter::AddInitializer(onnx::TensorProto tensor) {
  tensor.set_name(FreshName(tensor.name()));
  std::string name = tensor.name();
  *graph().add_initializer() = std::move(tensor);
  return name;
}

std::string ModelWriter::SharedTable(const std::string& key,
                                     const std::function<onnx::TensorProto()>& make) {
  const auto found = tables_.find(key);
  if (found != tables_.end()) return found->second;
  onnx::TensorProto tensor = make();
  if (tensor.name().empty()) {
    // A fitted format's values stand in brackets in its name: too long for a tensor's.
    const std::size_t open = key.find('['), close = key.find(']');
    tensor.set_name(close == std::string::npos ? key : key.substr(0, open) + key.substr(close + 1));
  }
  return tables_[key] = AddInitializer(std::move(tensor));
}

std::string ModelWriter::SharedBytes(const std::string& stem,
                                     const std::vector<std::uint8_t>& elements) {
  return SharedTable(stem + std::string(elements.begin(), elements.end()),
                     [&] { return proto::FromVector(stem, onnx::TensorProto::UINT8, elements); });
}

void ModelWriter::NeedFunction(const std::string& name, const std::vector<std::string>& inputs,
                               const std::function<void(proto::Body&)>& build) {
  if (functions_.contains(name)) return;
  onnx::FunctionProto& function = functions_[name];
  function.set_name(name);
  function.set_domain(std::string(kFunctionDomain));
  auto& opset = *function.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOpset);
  for (const std::string& input : inputs) function.add_input(input);
  function.add_output("y");
  proto::Body body(function);
  build(body);
}

void ModelWriter::Call(const std::string& function, std::vector<std::string> inputs,
                       const std::string& output, std::vector<onnx::AttributeProto> attributes) {
  BW_CHECK(functions_.contains(function));
  onnx::NodeProto& node = *graph().add_node();
  node.set_op_type(function);
  node.set_domain(std::string(kFunctionDomain));
  for (std::string& input : inputs) node.add_input(std::move(input));
  node.add_output(output);
  for (onnx::AttributeProto& attribute : attributes) *node.add_attribute() = std::move(attribute);
}

onnx::ModelProto ModelWriter::Finish() {
  model_.set_ir_version(8);
  model_.set_producer_name("bitwright");
  auto& standard = *model_.add_opset_import();
  standard.set_domain("");
  standard.set_version(kOpset);
  if (!functions_.empty()) {
    auto& own = *model_.add_opset_import();
    own.set_domain(std::string(kFunctionDomain));
    own.set_version(1);
  }
  for (auto& [name, function] : functions_) *model_.add_functions() = std::move(function);
  return std::move(model_);
}

}  // namespace bw
