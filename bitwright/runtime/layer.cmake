find_package(OpenMP REQUIRED)
target_compile_options(${layer} PRIVATE $<$<CONFIG:Release>:-O3>)
target_link_libraries(${layer} PRIVATE DNNL::dnnl OpenMP::OpenMP_CXX hwy::hwy nlohmann_json::nlohmann_json)
bw_registry(TARGET ${layer} FOLDER ${dir}/onednn TYPE bw::KernelBinding HEADER bitwright/runtime/kernel.h NAMESPACE bw::kernels)
# Kernels of our own with VNNI, which Highway leaves out by default.
target_compile_definitions(${layer} PRIVATE HWY_WANT_AVX3_DL)
