target_link_libraries(${layer} PUBLIC PkgConfig::cbc PRIVATE PkgConfig::muparser Eigen3::Eigen)
bw_registry(TARGET ${layer} FOLDER ${dir}/strategies TYPE bw::Strategy HEADER bitwright/search/strategy.h NAMESPACE bw::strategies)
