#include "bitwright/onnx/tensor_proto.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace bw {
namespace {
using onnx::TensorProto;
namespace fs = std::filesystem;

TensorProto Proto(int type, const Shape& shape) {
  TensorProto proto;
  proto.set_data_type(type);
  for (const std::int64_t extent : shape) proto.add_dims(extent);
  return proto;
}

template <typename T>
std::string Raw(const std::vector<T>& elements) {
  return {reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T)};
}

template <typename T>
std::vector<T> Elements(const TensorProto& proto) {
  const auto tensor = TensorFromProto(proto, "");
  if (!tensor) {
    ADD_FAILURE() << tensor.error().message;
    return {};
  }
  const auto span = tensor->span<T>();
  return {span.begin(), span.end()};
}

std::string Error(const TensorProto& proto, const std::string& folder = "") {
  const auto tensor = TensorFromProto(proto, folder);
  return tensor ? "accepted" : tensor.error().message;
}

TEST(TensorProto, ReadsRawData) {
  TensorProto floats = Proto(TensorProto::FLOAT, {2});
  floats.set_raw_data(Raw<float>({1.5f, -2}));
  EXPECT_EQ(Elements<float>(floats), (std::vector<float>{1.5f, -2}));
  TensorProto ints = Proto(TensorProto::INT64, {1, 2});
  ints.set_raw_data(Raw<std::int64_t>({1LL << 40, -2}));
  EXPECT_EQ(Elements<std::int64_t>(ints), (std::vector<std::int64_t>{1LL << 40, -2}));
  TensorProto bools = Proto(TensorProto::BOOL, {3});
  bools.set_raw_data(std::string("\x00\x01\x02", 3));
  EXPECT_EQ(Elements<bool>(bools), (std::vector<bool>{false, true, true}));
}

TEST(TensorProto, ReadsTypedFields) {
  TensorProto bytes = Proto(TensorProto::UINT8, {2});
  bytes.add_int32_data(7);
  bytes.add_int32_data(255);
  EXPECT_EQ(Elements<std::uint8_t>(bytes), (std::vector<std::uint8_t>{7, 255}));
  TensorProto small = Proto(TensorProto::INT8, {1});
  small.add_int32_data(-3);
  EXPECT_EQ(Elements<std::int8_t>(small), (std::vector<std::int8_t>{-3}));
  TensorProto ints = Proto(TensorProto::INT32, {1});
  ints.add_int32_data(-70000);
  EXPECT_EQ(Elements<std::int32_t>(ints), (std::vector<std::int32_t>{-70000}));
}

TEST(TensorProto, RoundsDoublesToFloats) {
  TensorProto proto = Proto(TensorProto::DOUBLE, {2});
  proto.add_double_data(0.1);
  proto.add_double_data(16777217);
  EXPECT_EQ(Elements<float>(proto), (std::vector<float>{0.1f, 16777216}));
}

TEST(TensorProto, WidensHalvesExactly) {
  TensorProto half = Proto(TensorProto::FLOAT16, {6});
  half.set_raw_data(Raw<std::uint16_t>({0x3c00, 0xc000, 0x0001, 0x7bff, 0x8400, 0xfc00}));
  EXPECT_EQ(Elements<float>(half), (std::vector<float>{1, -2, 0x1p-24f, 65504, -0x1p-14f,
                                                       -std::numeric_limits<float>::infinity()}));
  TensorProto brain = Proto(TensorProto::BFLOAT16, {2});
  brain.add_int32_data(0x3f80);
  brain.add_int32_data(0xc040);
  EXPECT_EQ(Elements<float>(brain), (std::vector<float>{1, -3}));
}

TEST(TensorProto, AScalarHasOneElementAndAnEmptyTensorNone) {
  TensorProto scalar = Proto(TensorProto::FLOAT, {});
  EXPECT_EQ(Error(scalar), "holds 0 bytes of data, float32 of [] need 4");
  scalar.add_float_data(3);
  EXPECT_EQ(Elements<float>(scalar), (std::vector<float>{3}));
  EXPECT_EQ(Elements<float>(Proto(TensorProto::FLOAT, {0})), std::vector<float>{});
}

TEST(TensorProto, RefusesDataThatDoesNotMatchTheExtents) {
  TensorProto proto = Proto(TensorProto::FLOAT, {2, 2});
  proto.set_raw_data(Raw<float>({1, 2, 3}));
  EXPECT_EQ(Error(proto), "holds 12 bytes of data, float32 of [2,2] need 16");
}

TEST(TensorProto, RefusesImpossibleExtentsBeforeAllocating) {
  EXPECT_EQ(Error(Proto(TensorProto::FLOAT, {-1, 2})), "extents [?,2] hold a negative one (-1)");
  const std::string huge = "make too many elements, at most 2^34 are allowed";
  EXPECT_EQ(Error(Proto(TensorProto::FLOAT, {1LL << 32, 1LL << 32})),
            "extents [4294967296,4294967296] " + huge);
  EXPECT_EQ(Error(Proto(TensorProto::FLOAT, {1LL << 35, 0})), "extents [34359738368,0] " + huge);
  EXPECT_EQ(Error(Proto(TensorProto::FLOAT, {1LL << 33})),
            "holds 0 bytes of data, float32 of [8589934592] need 34359738368");
}

TEST(TensorProto, RefusesOtherTypesAndSegments) {
  const std::string allowed =
      ", allowed are float32, double, float16, bfloat16, int32, int64, uint8, int8 and bool";
  EXPECT_EQ(Error(Proto(TensorProto::STRING, {1})), "element type is string" + allowed);
  EXPECT_EQ(Error(Proto(17, {1})), "element type is float8e4m3fn" + allowed);
  EXPECT_EQ(Error(Proto(22, {1})), "element type is int4" + allowed);
  EXPECT_EQ(Error(Proto(99, {1})), "element type is type 99" + allowed);
  TensorProto segment = Proto(TensorProto::FLOAT, {1});
  segment.mutable_segment()->set_begin(0);
  EXPECT_EQ(Error(segment), "is stored in segments, whole tensors are needed");
}

class ExternalData : public testing::Test {
 protected:
  ExternalData() : root_(fs::temp_directory_path() / fmt::format("bw_external_{}", ::getpid())) {
    fs::create_directories(root_ / "model");
    Write(root_ / "model" / "w.bin", Raw<float>({1, 2, 3, 4}));
    Write(root_ / "secret.bin", Raw<float>({1, 2, 3, 4}));
  }
  ~ExternalData() override { fs::remove_all(root_); }

  static void Write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static TensorProto External(const std::map<std::string, std::string>& entries) {
    TensorProto proto = Proto(TensorProto::FLOAT, {2});
    proto.set_data_location(TensorProto::EXTERNAL);
    for (const auto& [key, value] : entries) {
      onnx::StringStringEntryProto& entry = *proto.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    return proto;
  }
  std::string folder() const { return (root_ / "model").string(); }

  fs::path root_;
};

TEST_F(ExternalData, ReadsFromTheOffset) {
  const auto tensor = TensorFromProto(
      External({{"location", "w.bin"}, {"offset", "4"}, {"length", "8"}}), folder());
  ASSERT_TRUE(tensor) << tensor.error().message;
  EXPECT_EQ(tensor->span<float>()[0], 2);
  EXPECT_EQ(tensor->span<float>()[1], 3);
}

TEST_F(ExternalData, OffsetAndLengthMayBeLeftOut) {
  const auto tensor = TensorFromProto(External({{"location", "./w.bin"}}), folder());
  ASSERT_TRUE(tensor) << tensor.error().message;
  EXPECT_EQ(tensor->span<float>()[1], 2);
}

TEST_F(ExternalData, RefusesPathsOutOfTheFolder) {
  fs::create_symlink(root_ / "secret.bin", root_ / "model" / "link.bin");
  const std::string absolute = (root_ / "model" / "w.bin").string();
  for (const std::string& path : {std::string("../secret.bin"), std::string("a/../../secret.bin"),
                                  std::string("link.bin"), absolute}) {
    EXPECT_EQ(Error(External({{"location", path}}), folder()),
              "external data '" + path +
                  "': lies outside the model's folder, only files in it are read; copy it there");
  }
}

TEST_F(ExternalData, RefusesShortAndMissingFiles) {
  EXPECT_EQ(Error(External({{"location", "w.bin"}, {"offset", "12"}}), folder()),
            "external data 'w.bin': the file has 16 bytes, 8 are needed from offset 12");
  EXPECT_EQ(
      Error(External({{"location", "w.bin"}, {"offset", "9223372036854775807"}}), folder()),
      "external data 'w.bin': the file has 16 bytes, 8 are needed from offset 9223372036854775807");
  EXPECT_EQ(Error(External({{"location", "v.bin"}}), folder()),
            "external data 'v.bin': no such file beside the model");
  EXPECT_EQ(Error(External({{"location", "."}}), folder()),
            "external data '.': no such file beside the model");
}

TEST_F(ExternalData, RefusesWrongEntries) {
  EXPECT_EQ(Error(External({}), folder()), "external data: names no file, 'location' is needed");
  EXPECT_EQ(Error(External({{"location", "w.bin"}, {"offset", "-4"}}), folder()),
            "external data: offset is '-4', a number of bytes is needed");
  EXPECT_EQ(Error(External({{"location", "w.bin"}, {"length", "4"}}), folder()),
            "external data 'w.bin': length is 4 bytes, the extents need 8");
}

}  // namespace
}  // namespace bw
