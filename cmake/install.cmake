# `cmake --install` copies the headers and a package file, so that find_package(lamina) gives the same targets as
# add_subdirectory. Each target has an export file of its own: the package loads those whose libraries are there.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(lamina_package_dir ${CMAKE_INSTALL_DATADIR}/cmake/lamina)
set(lamina_needs "")  # for the package file: which targets each of ours links
foreach(name IN LISTS lamina_targets)
  string(APPEND lamina_needs "set(lamina_${name}_needs ${lamina_${name}_needs})\n")
  install(TARGETS lamina_${name} EXPORT lamina_${name} FILE_SET HEADERS)
  install(EXPORT lamina_${name} NAMESPACE lamina:: DESTINATION ${lamina_package_dir} FILE lamina_${name}.cmake)
endforeach()

configure_package_config_file(cmake/lamina-config.cmake.in lamina-config.cmake
  INSTALL_DESTINATION ${lamina_package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(lamina-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/lamina-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/lamina-config-version.cmake
  cmake/dependencies.cmake
  DESTINATION ${lamina_package_dir})
