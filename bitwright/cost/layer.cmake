target_link_libraries(${layer} PRIVATE nlohmann_json::nlohmann_json)
bw_registry(TARGET ${layer} FOLDER ${dir}/models TYPE bw::CostModel HEADER bitwright/cost/model.h NAMESPACE bw::cost_models)
bw_embed(TARGET ${layer} FOLDER ${dir}/targets EXTENSION json HEADER bitwright/cost/target_files.h NAMESPACE bw::target_files)
