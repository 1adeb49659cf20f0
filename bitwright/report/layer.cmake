target_link_libraries(${layer} PUBLIC nlohmann_json::nlohmann_json)
