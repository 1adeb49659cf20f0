#include "bitwright/graph/graph.h"

namespace bw {
namespace {

// Null when absent; the importer has checked that what is there has the right type.
template <typename T>
const T* Find(const Attributes& attributes, const std::string& name) {
  const auto found = attributes.items.find(name);
  if (found == attributes.items.end()) return nullptr;
  const T* value = std::get_if<T>(&found->second);
  BW_CHECK(value != nullptr);
  return value;
}

template <typename T>
T Get(const Attributes& attributes, const std::string& name, T otherwise) {
  const T* value = Find<T>(attributes, name);
  return value != nullptr ? *value : std::move(otherwise);
}

}  // namespace

std::int64_t Attributes::Int(const std::string& name, std::int64_t otherwise) const {
  return Get(*this, name, otherwise);
}

float Attributes::Float(const std::string& name, float otherwise) const {
  return Get(*this, name, otherwise);
}

std::string Attributes::String(const std::string& name, const std::string& otherwise) const {
  return Get(*this, name, otherwise);
}

std::vector<std::int64_t> Attributes::Ints(const std::string& name,
                                           std::vector<std::int64_t> otherwise) const {
  return Get(*this, name, std::move(otherwise));
}

std::vector<float> Attributes::Floats(const std::string& name, std::vector<float> otherwise) const {
  return Get(*this, name, std::move(otherwise));
}

const Tensor* Attributes::FindTensor(const std::string& name) const {
  return Find<Tensor>(*this, name);
}

}  // namespace bw
