find_package(OpenMP REQUIRED)
file(GLOB_RECURSE learning CONFIGURE_DEPENDS ${dir}/learning/*.cc)
set_source_files_properties(${learning} PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release>:-O3>)
target_link_libraries(${layer} PUBLIC nlohmann_json::nlohmann_json
                      PRIVATE Eigen3::Eigen PkgConfig::xxhash DNNL::dnnl OpenMP::OpenMP_CXX)
# OpenMP is there to keep oneDNN on the calling thread; Eigen would start threads of its own by it.
target_compile_definitions(${layer} PRIVATE EIGEN_DONT_PARALLELIZE)
bw_registry(TARGET ${layer} FOLDER ${dir}/passes TYPE bw::Pass HEADER bitwright/quant/pass.h NAMESPACE bw::passes)
bw_registry(TARGET ${layer} FOLDER ${dir}/scales TYPE bw::ScaleMethod HEADER bitwright/quant/scale_method.h NAMESPACE bw::scales)
bw_registry(TARGET ${layer} FOLDER ${dir}/methods TYPE bw::Method HEADER bitwright/quant/method.h NAMESPACE bw::methods)
bw_registry(TARGET ${layer} FOLDER ${dir}/learning/gradients TYPE bw::GradientDef
            HEADER bitwright/quant/learning/gradient.h NAMESPACE bw::gradients)
