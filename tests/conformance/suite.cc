#include "suite.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "bitwright/data/archive.h"

namespace bw::conformance {
namespace {
using onnx::TensorProto;

// Path pieces: .../<test>/model.onnx or .../<test>/test_data_set_<k>/<kind>_<i>.pb
struct Place {
  std::string test, set, file;
};

std::vector<std::string> Pieces(const std::string& path) {
  std::vector<std::string> pieces(1);
  for (const char c : path) {
    if (c == '/') {
      pieces.emplace_back();
    } else {
      pieces.back() += c;
    }
  }
  return pieces;
}

bool PlaceOf(const std::string& path, Place& place) {
  const std::vector<std::string> pieces = Pieces(path);
  const std::size_t n = pieces.size();
  if (n >= 2 && pieces[n - 1] == "model.onnx") {
    place = {pieces[n - 2], "", pieces[n - 1]};
    return true;
  }
  if (n < 3 || !pieces[n - 1].ends_with(".pb")) return false;
  place = {pieces[n - 3], pieces[n - 2], pieces[n - 1]};
  return true;
}

// By set and file; inputs and outputs are numbered.
using Files = std::map<std::string, std::map<std::string, std::string>>;

bool AddTensors(const std::map<std::string, std::string>& files, const std::string& kind,
                std::vector<TensorProto>& tensors) {
  for (int i = 0;; ++i) {
    const auto found = files.find(fmt::format("{}_{}.pb", kind, i));
    if (found == files.end()) return true;
    if (!tensors.emplace_back().ParseFromString(found->second)) return false;
  }
}

Test MakeTest(const std::string& name, std::string model, const Files& sets) {
  Test test{name, std::move(model), {}, true};
  for (const auto& [set, files] : sets) {
    Sample& sample = test.samples.emplace_back();
    test.tensors_only = test.tensors_only && AddTensors(files, "input", sample.inputs) &&
                        AddTensors(files, "output", sample.outputs);
  }
  return test;
}

void Operators(const onnx::GraphProto& graph, std::set<std::string>& names) {
  for (const onnx::NodeProto& node : graph.node()) {
    names.insert(node.domain().empty() ? node.op_type() : node.domain() + "." + node.op_type());
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g()) Operators(attribute.g(), names);
    }
  }
}

std::set<std::string> Operators(const onnx::ModelProto& model) {
  std::set<std::string> names;
  Operators(model.graph(), names);
  return names;
}

// Operators whose tests lie outside, whatever their types.
std::string OperatorReason(const std::set<std::string>& names) {
  for (const std::string& name : names) {
    if (name.starts_with("ai.onnx.preview.training")) return "training";
    if (name.starts_with("ai.onnx.ml")) return "classical machine learning (domain ai.onnx.ml)";
    if (name.starts_with("Random") || name == "Bernoulli" || name == "Multinomial")
      return "random numbers";
    if (name.starts_with("Sequence") || name.starts_with("Optional") || name == "SplitToSequence" ||
        name == "ConcatFromSequence")
      return "sequences and optionals";
    if (name == "ImageDecoder") return "image decoding";
    if (name.starts_with("String") || name == "RegexFullMatch" || name == "TfIdfVectorizer")
      return "strings";
  }
  return "";
}

std::string TypeReason(const onnx::TypeProto& type) {
  if (!type.has_tensor_type()) return "sequences and optionals";
  switch (type.tensor_type().elem_type()) {
    case TensorProto::STRING:
      return "strings";
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return "float16 and bfloat16 tensors";
    case 17:
    case 18:
    case 19:
    case 20:
      return "8-bit float tensors";
    case 21:
    case 22:
      return "4-bit integer tensors";
    default:
      return "";
  }
}

bool Trains(const onnx::GraphProto& graph) {
  return std::any_of(graph.node().begin(), graph.node().end(), [](const auto& node) {
    return std::any_of(node.attribute().begin(), node.attribute().end(), [](const auto& attribute) {
      return attribute.name() == "training_mode" && attribute.i();
    });
  });
}

}  // namespace

Expected<std::vector<Test>> ReadSuite(const std::string& path) {
  Place place;
  BW_ASSIGN(const std::vector<ArchiveMember> members, ListArchive(path, [&](std::string_view name) {
              return PlaceOf(std::string(name), place);
            }));
  std::map<std::string, std::string> models;
  std::map<std::string, Files> sets;
  for (const ArchiveMember& member : members) {
    BW_ASSIGN(std::string bytes, ReadMember(member));
    PlaceOf(member.name, place);
    if (place.set.empty()) {
      models[place.test] = std::move(bytes);
    } else {
      sets[place.test][place.set][place.file] = std::move(bytes);
    }
  }
  std::vector<Test> tests;
  for (auto& [name, model] : models) tests.push_back(MakeTest(name, std::move(model), sets[name]));
  return tests;
}

std::string OutOfScope(const Test& test, const onnx::ModelProto& model) {
  if (const std::string reason = OperatorReason(Operators(model)); !reason.empty()) return reason;
  if (Trains(model.graph()) || test.name.starts_with("test_training_")) return "training";
  std::string reason;
  const auto look = [&](const auto& values) {
    for (const auto& value : values) {
      if (reason.empty()) reason = TypeReason(value.type());
    }
  };
  look(model.graph().input());
  look(model.graph().output());
  if (reason.empty() && !test.tensors_only) return "sequences and optionals";
  return reason;
}

std::string OperatorsOf(const onnx::ModelProto& model) {
  return fmt::format("{}", fmt::join(Operators(model), ", "));
}

}  // namespace bw::conformance
