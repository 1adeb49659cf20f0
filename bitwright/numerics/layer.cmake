bw_registry(TARGET ${layer} FOLDER ${dir}/families TYPE bw::FormatFamily HEADER bitwright/numerics/format.h NAMESPACE bw::families)
