target_link_libraries(${layer} PUBLIC onnx_proto PRIVATE protobuf::libprotobuf)
