bw_registry(TARGET ${layer} FOLDER ${dir}/ops TYPE bw::OpDef HEADER bitwright/graph/op.h NAMESPACE bw::ops)
