#pragma once
// ONNX's own backend node tests, read from their archive.

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

#include "bitwright/base/error.h"

namespace bw::conformance {

// Inputs and expected outputs of one run of a model.
struct Sample {
  std::vector<onnx::TensorProto> inputs, outputs;
};

struct Test {
  std::string name;
  std::string model;  // the file's bytes
  std::vector<Sample> samples;
  bool tensors_only = true;  // false: some file holds a sequence or an optional
};

// Every test of the archive, by name.
Expected<std::vector<Test>> ReadSuite(const std::string& path);

// Why the test lies outside inference on dense tensors of floats, integers and bools; empty when
// it is inside.
std::string OutOfScope(const Test& test, const onnx::ModelProto& model);

// "Add, Mul": the operators of a model, without repeats.
std::string OperatorsOf(const onnx::ModelProto& model);

}  // namespace bw::conformance
