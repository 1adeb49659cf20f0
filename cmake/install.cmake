# The package `bitwright` for other projects: find_package(bitwright), target bitwright::number. From an installation
# (cmake --install <build> --component number) or straight from the build folder (bitwright_DIR=<build>).
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(BW_PACKAGE_LAYERS base numerics search number)
set(BW_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/bitwright)
set(package_targets bw_warnings)
foreach(layer ${BW_PACKAGE_LAYERS})
  add_library(bitwright::${layer} ALIAS bw_${layer})
  set_target_properties(bw_${layer} PROPERTIES EXPORT_NAME ${layer})
  list(APPEND package_targets bw_${layer})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/bitwright/${layer} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/bitwright
          COMPONENT number FILES_MATCHING PATTERN "*.h")
endforeach()
set_target_properties(bw_warnings PROPERTIES EXPORT_NAME warnings)

install(TARGETS ${package_targets} EXPORT bitwright ARCHIVE COMPONENT number)
install(EXPORT bitwright NAMESPACE bitwright:: FILE bitwrightTargets.cmake DESTINATION ${BW_PACKAGE_DIR} COMPONENT number)
export(EXPORT bitwright NAMESPACE bitwright:: FILE ${PROJECT_BINARY_DIR}/bitwrightTargets.cmake)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/bitwrightConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/bitwrightConfig.cmake INSTALL_DESTINATION ${BW_PACKAGE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/bitwrightConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/bitwrightConfig.cmake ${PROJECT_BINARY_DIR}/bitwrightConfigVersion.cmake
        DESTINATION ${BW_PACKAGE_DIR} COMPONENT number)
