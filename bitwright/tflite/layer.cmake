# FlatBuffers is used by its headers alone: the file's tables are read by field number, nothing is generated.
find_path(BW_FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h REQUIRED)
target_include_directories(${layer} SYSTEM PRIVATE ${BW_FLATBUFFERS_INCLUDE})
bw_registry(TARGET ${layer} FOLDER ${dir}/rules TYPE bw::tflite::Rule HEADER bitwright/tflite/rule.h
            NAMESPACE bw::tflite_rules)
