target_link_libraries(${layer} PUBLIC PkgConfig::cbc PRIVATE PkgConfig::muparser)
bw_registry(TARGET ${layer} FOLDER ${dir}/strategies TYPE bw::Strategy HEADER bitwright/search/strategy.h NAMESPACE bw::strategies)
