#include "bitwright/data/dataset.h"

#include <zlib.h>

#include <limits>

#include "bitwright/data/archive.h"
#include "bitwright/data/test_files.h"

namespace bw {
namespace {

using namespace testing_files;  // NOLINT(google-build-using-namespace)

Dataset MustOpen(const std::string& path, const std::string& labels = "",
                 const Preprocess& preprocess = {}) {
  auto data = Dataset::Open(path, labels, preprocess);
  EXPECT_TRUE(data.has_value()) << (data ? "" : data.error().message);
  return data ? *data : Dataset();
}

std::string OpenError(const std::string& path, const std::string& labels = "",
                      const Preprocess& preprocess = {}) {
  const auto data = Dataset::Open(path, labels, preprocess);
  if (data) return "no error";
  EXPECT_EQ(data.error().kind, ErrorKind::kInput);
  return data.error().message;
}

std::vector<float> Values(const Dataset& data, std::size_t first, std::size_t count) {
  const auto batch = data.Batch(first, count);
  EXPECT_TRUE(batch.has_value()) << (batch ? "" : batch.error().message);
  if (!batch) return {};
  return {batch->span<float>().begin(), batch->span<float>().end()};
}

std::string BatchError(const Dataset& data) {
  const auto batch = data.Batch(0, data.size());
  return batch ? "no error" : batch.error().message;
}

std::vector<std::int64_t> LabelsOf(const Dataset& data) {
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; i < data.size(); ++i) labels.push_back(data.label(i));
  return labels;
}

void ExpectMessage(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
}

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;

// CIFAR

TEST(Dataset, FromRowsGivesTheRowsAsTheyAre) {
  Tensor rows(DType::kFloat32, {3, 2, 2});
  for (std::size_t i = 0; i < 12; ++i) rows.span<float>()[i] = 0.1F * static_cast<float>(i) - 0.5F;
  const Dataset data = Dataset::FromRows(rows);
  EXPECT_EQ(data.size(), 3U);
  EXPECT_EQ(data.rows_per_sample(), 1);
  EXPECT_EQ(data.row_shape(), (Shape{2, 2}));
  EXPECT_FALSE(data.has_labels());
  const std::vector<float> last(rows.span<float>().begin() + 4, rows.span<float>().end());
  EXPECT_EQ(Values(data, 1, 2), last);
}

TEST(Cifar, ImagesAndLabelsAreThoseOfTheRecords) {
  const Dataset data = MustOpen(Put("two.bin", Cifar()));
  EXPECT_EQ(data.size(), 2u);
  EXPECT_EQ(LabelsOf(data), (Ints{7, 6}));
  EXPECT_EQ(data.classes(), 8);
  EXPECT_EQ(data.row_shape(), (Shape{3, 32, 32}));
  const Floats values = Values(data, 1, 1);
  ASSERT_EQ(values.size(), 3072u);
  for (std::size_t k = 0; k < values.size(); ++k)
    ASSERT_EQ(values[k], static_cast<float>((k + 1) % 256));
}

TEST(Cifar, SizeThatIsNotWholeRecordsIsRefused) {
  const std::string path = Put("cut.bin", Cifar().substr(0, 3074));
  EXPECT_EQ(OpenError(path),
            path + ": not whole CIFAR-10 records, 3074 bytes, a multiple of 3073 is needed");
}

TEST(Cifar, LabelAboveNineIsRefused) {
  std::string bytes = Cifar();
  bytes[3073] = 10;
  ExpectMessage(OpenError(Put("bad.bin", bytes)), "image 1 has label 10, labels are 0 to 9");
}

TEST(Cifar, LabelFileReplacesTheRecordsLabels) {
  const std::string labels = Put("labels.txt", "3\n\n 4 \n");
  EXPECT_EQ(LabelsOf(MustOpen(Put("two.bin", Cifar()), labels)), (Ints{3, 4}));
}

// NumPy

TEST(Npy, EveryElementTypeReadsAsItsNumbers) {
  const auto check = [](const std::string& descr, const auto& stored) {
    const Dataset data =
        MustOpen(Put("x" + descr.substr(1) + ".npy", Npy(descr, "(2, 2)", stored)));
    EXPECT_EQ(data.row_shape(), Shape{2}) << descr;
    Floats expected;
    for (const auto value : stored) expected.push_back(static_cast<float>(value));
    EXPECT_EQ(Values(data, 0, 2), expected) << descr;
  };
  check("|u1", std::vector<std::uint8_t>{0, 1, 128, 255});
  check("|i1", std::vector<std::int8_t>{-128, -1, 0, 127});
  check("<i2", std::vector<std::int16_t>{-32768, -1, 300, 32767});
  check("<i4", std::vector<std::int32_t>{-70000, -1, 70000, 5});
  check("<i8", std::vector<std::int64_t>{-5000000, -1, 0, 5000000});
  check("<f4", std::vector<float>{-1.5F, 0.0F, 3.25F, 1e30F});
  check("<f8", std::vector<double>{-1.5, 0.1, 3.25, 1e30});
}

TEST(Npy, Int8TakesMeanAndStdAsNumbers) {
  Preprocess preprocess;
  preprocess.mean = {83};
  preprocess.std = {1 / 0.5847029};
  const auto path = Put("q.npy", Npy("|i1", "(1, 3)", std::vector<std::int8_t>{83, -128, 127}));
  const Floats values = Values(MustOpen(path, "", preprocess), 0, 1);
  EXPECT_EQ(values[0], 0.0F);
  EXPECT_NEAR(values[1], -211 * 0.5847029, 1e-4);
  EXPECT_NEAR(values[2], 44 * 0.5847029, 1e-4);
}

TEST(Npy, Versions2And3HaveFourLengthBytes) {
  const std::string dictionary = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }";
  for (const int version : {2, 3}) {
    const Dataset data = MustOpen(Put("v.npy", NpyHeader(dictionary, version) + "\x05\x06"));
    EXPECT_EQ(data.row_shape(), Shape{});
    EXPECT_EQ(Values(data, 0, 2), (Floats{5, 6}));
  }
}

TEST(Npy, LabelsComeFromAnotherArrayOfAnyIntegerType) {
  const auto samples = Put("x.npy", Npy("<f4", "(2, 1)", Floats{1, 2}));
  EXPECT_FALSE(MustOpen(samples).has_labels());
  EXPECT_EQ(MustOpen(samples).classes(), 0);
  const auto bytes = Put("y8.npy", Npy("|u1", "(2,)", std::vector<std::uint8_t>{9, 200}));
  EXPECT_EQ(LabelsOf(MustOpen(samples, bytes)), (Ints{9, 200}));
  const auto longs = Put("y64.npy", Npy("<i8", "(2, 1)", Ints{4, 5000000000}));
  EXPECT_EQ(LabelsOf(MustOpen(samples, longs)), (Ints{4, 5000000000}));
}

TEST(Npy, BadHeadersAreRefusedByWhatIsWrong) {
  const auto error = [](const std::string& bytes) { return OpenError(Put("bad.npy", bytes)); };
  const auto with = [&](const std::string& dictionary) {
    return error(NpyHeader(dictionary) + std::string(8, '\0'));
  };
  ExpectMessage(error("PK"),
                "not a NumPy array, the first bytes differ, '\\x93NUMPY' must stand there");
  ExpectMessage(error("\x93NUMPY"), "header ends too early, 6 bytes, at least 12 are needed");
  ExpectMessage(error(NpyHeader("{}", 4)), "unknown .npy version, 4, versions 1 to 3 are read");
  ExpectMessage(error(NpyHeader("{}").substr(0, 11)),
                "header ends too early, it claims 3 bytes, the file has 11");
  ExpectMessage(with("{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}"),
                "unsupported element type, '>f4', little-endian u1 i1 i2 i4 i8 f4 f8 are allowed; "
                "convert with astype");
  ExpectMessage(with("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}"),
                "unsupported element type, '<c8'");
  ExpectMessage(
      with("{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}"),
      "the array is in Fortran order, only C order is allowed; save numpy.ascontiguousarray");
  ExpectMessage(with("{'descr': '<f4', 'fortran_order': False}"),
                "header has no shape, a tuple such as");
  ExpectMessage(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, x)}"),
                "bad extent in the shape, ' x'");
  ExpectMessage(with("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}"),
                "bad extent in the shape, '-2'");
  ExpectMessage(with("{'descr': '<f8', 'fortran_order': False, 'shape': ()}"),
                "a leading sample axis is needed");
  ExpectMessage(with("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}"),
                "data size does not match the header, 8 bytes, shape [3] of f4 needs 12");
  ExpectMessage(with("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, "
                     "4611686018427387904)}"),
                "data size does not match the header");
}

TEST(Npz, TakesTheArrayNamedXAndLabelsNamedY) {
  const std::string x = Npy("|u1", "(2, 2)", std::vector<std::uint8_t>{1, 2, 3, 4});
  const std::string other = Npy("|u1", "(1,)", std::vector<std::uint8_t>{9});
  const std::string y = Npy("<i8", "(2,)", Ints{1, 0});
  const Dataset data =
      MustOpen(Put("named.npz", Packed({{"a.npy", other}, {"y.npy", y}, {"x.npy", x}}, "zip")));
  EXPECT_EQ(Values(data, 0, 2), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(LabelsOf(data), (Ints{1, 0}));
  const Dataset first =
      MustOpen(Put("first.npz", Packed({{"labels.npy", y}, {"arr_0.npy", x}}, "zip")));
  EXPECT_EQ(Values(first, 1, 1), (Floats{3, 4}));
  EXPECT_EQ(LabelsOf(first), (Ints{1, 0}));
}

TEST(Npz, WithoutSamplesIsRefused) {
  const auto path = Put("none.npz", Packed({{"y.npy", Npy("<i8", "(1,)", Ints{1})}}, "zip"));
  ExpectMessage(OpenError(path),
                "no samples in it, 1 arrays, an array such as 'x' or 'data' is needed");
  ExpectMessage(OpenError(Put("random.npz", "not a zip file at all")),
                "damaged archive after '(its start)'");
  ExpectMessage(OpenError(Put("empty.npz", "")),
                "empty file, 0 bytes, a whole .tar or .zip is needed");
}

// MNIST

TEST(Idx, SiblingLabelFileIsFound) {
  const auto images = Put("t-images-idx3-ubyte", Idx({2, 1, 3}, {1, 2, 3, 4, 5, 6}));
  EXPECT_FALSE(MustOpen(images).has_labels());
  Put("t-labels-idx1-ubyte", Idx({2}, {5, 3}));
  const Dataset data = MustOpen(images);
  EXPECT_EQ(LabelsOf(data), (Ints{5, 3}));
  EXPECT_EQ(data.row_shape(), (Shape{1, 1, 3}));
  EXPECT_EQ(Values(data, 1, 1), (Floats{4, 5, 6}));
}

TEST(Idx, GzipIsInflated) {
  const std::string path = TestFolder() + "/t-images-idx3-ubyte.gz";
  const std::string bytes = Idx({1, 2, 2}, {9, 8, 7, 6});
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  EXPECT_EQ(Values(MustOpen(path), 0, 1), (Floats{9, 8, 7, 6}));
}

TEST(Idx, BadFilesAreRefused) {
  ExpectMessage(OpenError(Put("a.idx", Idx({2, 1, 3}, {1}))),
                "size does not match the header, 17 bytes, shape [2,1,3] needs 22");
  ExpectMessage(OpenError(Put("b.idx", Idx({2}, {1, 2}))),
                "header ends too early, 10 bytes, 16 are needed");
  ExpectMessage(
      OpenError(Put("c.idx", Idx({9}, std::vector<std::uint8_t>(9)))),
      "it starts with 00 00 08 01, 00 00 08 03 (unsigned bytes, 3 axes) must stand there");
  ExpectMessage(OpenError(Put("d.idx", Idx({65536, 65536, 65536}, {}))), "header claims too much");
  ExpectMessage(OpenError(Put("idx.gz", "\x1f\x8b broken")), "damaged gzip file");
  const auto images = Put("s-images-idx3-ubyte", Idx({1, 1, 1}, {1}));
  const auto labels = Put("s-labels-idx1-ubyte", Idx({2}, {5, 3}));
  EXPECT_EQ(OpenError(images),
            labels + ": labels do not match the samples, 2 labels, 1 are needed");
}

// Labels

TEST(Labels, BadLabelFilesAreRefused) {
  const auto samples = Put("x.npy", Npy("<f4", "(2, 1)", Floats{1, 2}));
  const auto error = [&](const std::string& name, const std::string& bytes) {
    return OpenError(samples, Put(name, bytes));
  };
  ExpectMessage(error("y.txt", "1\n2\n3\n"),
                "y.txt: labels do not match the samples, 3 labels, 2 are needed");
  ExpectMessage(error("y.txt", "1\n-2\n"), "y.txt: sample 1 has label -2, 0 or more is allowed");
  ExpectMessage(error("y.txt", "1\nx\n"), "y.txt: line 2 has no label, 'x'");
  ExpectMessage(error("y.txt", "1\na 2\n"), "y.txt: line 2 differs from the first, 'a 2'");
  ExpectMessage(error("y.txt", "a 1\nb 2\n"), "y.txt: names a sample, 'a'");
  ExpectMessage(error("y.npy", Npy("<f4", "(2,)", Floats{1, 2})),
                "not a list of labels, shape [2] of 'f4'");
  ExpectMessage(error("y.npy", Npy("<i8", "(1, 2)", Ints{1, 2})),
                "a one-dimensional integer array is needed");
  ExpectMessage(OpenError(samples, samples + "x"), "x.npyx");
}

TEST(Labels, IdxLabelFileWorksForAnyData) {
  const auto samples = Put("x.npy", Npy("<f4", "(2, 1)", Floats{1, 2}));
  EXPECT_EQ(LabelsOf(MustOpen(samples, Put("y-idx1-ubyte", Idx({2}, {8, 9})))), (Ints{8, 9}));
}

// Any format

TEST(Open, MissingFileListsTheFormats) {
  const std::string message = OpenError(TestFolder() + "/none.bin");
  ExpectMessage(message,
                "/none.bin: no such file or folder, one of these is needed: CIFAR-10 binary");
  ExpectMessage(message, "MNIST idx3");
  ExpectMessage(message, "NumPy array");
  ExpectMessage(message, "JPEG and PNG");
}

TEST(Open, UnknownKindListsTheFormats) {
  ExpectMessage(OpenError(Put("data.xyz", "hello")),
                "data.xyz: unknown kind of data, by its name and first bytes");
}

TEST(Open, EmptySetIsRefused) {
  ExpectMessage(OpenError(Put("zero.bin", "")),
                "zero.bin: empty data set, 0 samples, at least 1 is needed");
  ExpectMessage(OpenError(Put("zero.npy", Npy("<f4", "(0, 3)", Floats{}))),
                "zero.npy: empty data set");
  std::filesystem::create_directories(TestFolder() + "/nothing");
  ExpectMessage(OpenError(TestFolder() + "/nothing"), "empty data set, no image in it");
}

TEST(Open, SamplesWithoutElementsAreRefused) {
  ExpectMessage(OpenError(Put("hollow.npy", Npy("<f4", "(3, 0)", Floats{}))),
                "samples of shape [0] have no elements");
}

TEST(Open, FolderInPlaceOfAFileIsRefused) {
  std::filesystem::create_directories(TestFolder() + "/folder.npy");
  ExpectMessage(OpenError(TestFolder() + "/folder.npy"), "folder");
}

TEST(Batch, NanAndInfinityNameTheSample) {
  Floats values(6, 1.0F);
  values[5] = std::numeric_limits<float>::quiet_NaN();
  const auto path = Put("nan.npy", Npy("<f4", "(3, 2)", values));
  EXPECT_EQ(BatchError(MustOpen(path)),
            path + ": sample 2 has NaN at element 1, only finite numbers are allowed");
  values[2] = std::numeric_limits<float>::infinity();
  const auto first = Put("inf.npy", Npy("<f4", "(3, 2)", values));
  ExpectMessage(BatchError(MustOpen(first)), "sample 1 has infinity at element 0");
}

TEST(Batch, OverflowOfADoubleIsInfinity) {
  const auto path = Put("big.npy", Npy("<f8", "(1, 1)", std::vector<double>{1e300}));
  ExpectMessage(BatchError(MustOpen(path)), "sample 0 has infinity at element 0");
}

TEST(Batch, FileThatShrinksIsRefused) {
  const auto path = Put("two.bin", Cifar());
  const Dataset data = MustOpen(path);
  std::filesystem::resize_file(path, 4000);
  ExpectMessage(BatchError(data), "the file has become shorter");
}

TEST(Batch, OfNothingIsEmpty) {
  const auto batch = MustOpen(Put("two.bin", Cifar())).Batch(2, 0);
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(batch->shape(), (Shape{0, 3, 32, 32}));
}

TEST(Select, KeepsOrderAndLabels) {
  const auto labels = Put("y.txt", "5\n6\n7\n");
  const Dataset all = MustOpen(Put("x.npy", Npy("<f4", "(3, 1)", Floats{10, 20, 30})), labels);
  const std::vector<std::size_t> positions = {2, 0, 2};
  const Dataset part = all.Select(positions);
  EXPECT_EQ(Values(part, 0, 3), (Floats{30, 10, 30}));
  EXPECT_EQ(LabelsOf(part), (Ints{7, 5, 7}));
  EXPECT_EQ(Values(part.Select(std::vector<std::size_t>{1}), 0, 1), Floats{10});
  ExpectMessage(all.origin(), "x.npy (labels ");
}

}  // namespace
}  // namespace bw
