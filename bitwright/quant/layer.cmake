target_link_libraries(${layer} PUBLIC nlohmann_json::nlohmann_json PRIVATE Eigen3::Eigen PkgConfig::xxhash)
bw_registry(TARGET ${layer} FOLDER ${dir}/passes TYPE bw::Pass HEADER bitwright/quant/pass.h NAMESPACE bw::passes)
bw_registry(TARGET ${layer} FOLDER ${dir}/scales TYPE bw::ScaleMethod HEADER bitwright/quant/scale_method.h NAMESPACE bw::scales)
bw_registry(TARGET ${layer} FOLDER ${dir}/methods TYPE bw::Method HEADER bitwright/quant/method.h NAMESPACE bw::methods)
