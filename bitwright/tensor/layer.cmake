find_package(hwy REQUIRED)
target_link_libraries(${layer} PRIVATE hwy::hwy)
# Kernels of our own for AVX-512 with VBMI (Ice Lake, Zen 4), which Highway leaves out by default.
target_compile_definitions(${layer} PRIVATE HWY_WANT_AVX3_DL)
