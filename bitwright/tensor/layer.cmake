find_package(hwy REQUIRED)
target_link_libraries(${layer} PRIVATE hwy::hwy)
