find_package(SQLite3 REQUIRED)
target_link_libraries(${layer} PRIVATE SQLite::SQLite3)
