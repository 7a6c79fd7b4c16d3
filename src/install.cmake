# What `cmake --install` puts where: the shared library, its headers, the command, a pkg-config file and the
# CMake package holdfast::holdfast. The pkg-config file and the package find their prefix from where they lie,
# so an installed tree can be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/holdfast)

set_target_properties(holdfast PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
target_include_directories(holdfast INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(TARGETS holdfast EXPORT holdfast_targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/holdfast DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")

if(TARGET holdfast_command)
  file(RELATIVE_PATH from_command /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
  set_target_properties(holdfast_command PROPERTIES INSTALL_RPATH "$ORIGIN/${from_command}")
  install(TARGETS holdfast_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

file(RELATIVE_PATH from_package /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/holdfast.pc @ONLY CONTENT
"prefix=\${pcfiledir}/@from_package@
libdir=\${prefix}/@CMAKE_INSTALL_LIBDIR@
includedir=\${prefix}/@CMAKE_INSTALL_INCLUDEDIR@

Name: holdfast
Description: @PROJECT_DESCRIPTION@
Version: @PROJECT_VERSION@
Libs: -L\${libdir} -lholdfast
Cflags: -I\${includedir}
")
install(FILES ${PROJECT_BINARY_DIR}/holdfast.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Nothing the library links is seen by its users, so the package has no dependencies to find.
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/holdfast-config.cmake @ONLY CONTENT
"include(\"\${CMAKE_CURRENT_LIST_DIR}/holdfast-targets.cmake\")
")
write_basic_package_version_file(${PROJECT_BINARY_DIR}/holdfast-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/holdfast-config.cmake ${PROJECT_BINARY_DIR}/holdfast-config-version.cmake
  DESTINATION ${package_folder})
install(EXPORT holdfast_targets NAMESPACE holdfast:: FILE holdfast-targets.cmake
  DESTINATION ${package_folder})
