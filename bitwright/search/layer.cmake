bw_registry(TARGET ${layer} FOLDER ${dir}/strategies TYPE bw::Strategy HEADER bitwright/search/strategy.h NAMESPACE bw::strategies)
