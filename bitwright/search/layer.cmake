target_link_libraries(${layer} PUBLIC PkgConfig::cbc PRIVATE PkgConfig::muparser)
# Headers alone: nothing that a program which links the installed library would need.
target_include_directories(${layer} SYSTEM PRIVATE $<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>)
bw_registry(TARGET ${layer} FOLDER ${dir}/strategies TYPE bw::Strategy HEADER bitwright/search/strategy.h NAMESPACE bw::strategies)
