target_link_libraries(${layer} PRIVATE onnx_proto protobuf::libprotobuf)
# The checker, for the tests beside the sources.
target_link_libraries(${layer} PRIVATE onnx)
