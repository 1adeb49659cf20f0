target_link_libraries(${layer} PUBLIC onnx_proto PRIVATE onnx protobuf::libprotobuf)
bw_registry(TARGET ${layer} FOLDER ${dir}/upgrades TYPE bw::Upgrade HEADER bitwright/onnx/upgrade.h
            NAMESPACE bw::upgrades)
