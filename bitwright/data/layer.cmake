target_link_libraries(${layer} PUBLIC nlohmann_json::nlohmann_json
                      PRIVATE Boost::headers PkgConfig::xxhash ZLIB::ZLIB PkgConfig::turbojpeg PkgConfig::png PkgConfig::archive)
bw_registry(TARGET ${layer} FOLDER ${dir}/formats TYPE bw::DataFormat HEADER bitwright/data/dataset.h NAMESPACE bw::data_formats)
bw_registry(TARGET ${layer} FOLDER ${dir}/metrics TYPE bw::Metric HEADER bitwright/data/metric.h NAMESPACE bw::metrics)
