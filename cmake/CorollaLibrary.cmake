# SPDX-License-Identifier: Apache-2.0
#
# corolla_library(<room> SOURCES a.cpp b.cpp
#                 [PUBLIC_DEPS corolla::runtime ...]               rooms whose headers this room's public headers include
#                 [PRIVATE_DEPS corolla::llhttp OpenSSL::SSL ...]  what only its sources use (see CorollaDependencies.cmake)
#                 [PRIVATE_DEFINITIONS ...])
#
# makes the target corolla_<room>, its alias corolla::<room>, its install rules (library, include/corolla/<room>/, CMake
# component <room>, corolla-<room>.pc). Include directories: include/ for everybody, src/ for the project's own sources.
# Symbols are hidden unless marked COROLLA_API. Warnings are errors on g++ 12.2 and clang-19.
#
# corolla_umbrella(<name> <room>...)   a component without code that links the rooms, once they all exist.
# corolla_compile_options(<target>)    the project's flags on a program of its own.
# corolla_install_package()            writes corolla-config.cmake for the rooms made so far; called once, last.
include_guard()
include(CMakePackageConfigHelpers)

set(COROLLA_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/corolla")
define_property(GLOBAL PROPERTY COROLLA_COMPONENTS BRIEF_DOCS "Components in the order of their dependencies")

function(corolla_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF CXX_VISIBILITY_PRESET hidden
                        VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic)
  if(COROLLA_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC bug 105651: false alarms in std::string's operator+ at -O2.
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
endfunction()

# A room that stands on one that does not exist yet is left out, so that the others can be built; a failing test says so.
function(corolla_leave_out name missing)
  list(JOIN missing " or " missing)
  message(NOTICE "corolla: ${name} is LEFT OUT, there is no ${missing}")
  add_test(NAME "left_out.${name}" COMMAND "${CMAKE_COMMAND}" -E false)
endfunction()

function(corolla_missing_rooms out)
  set(missing "")
  foreach(dep IN LISTS ARGN)
    if(dep MATCHES "^corolla::" AND NOT TARGET ${dep})
      list(APPEND missing ${dep})
    endif()
  endforeach()
  set(${out} "${missing}" PARENT_SCOPE)
endfunction()

function(corolla_library room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PUBLIC_DEPS;PRIVATE_DEPS;PRIVATE_DEFINITIONS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "corolla_library(${room}): SOURCES is needed; not understood: '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  corolla_missing_rooms(missing ${arg_PUBLIC_DEPS} ${arg_PRIVATE_DEPS})
  if(missing)
    corolla_leave_out(${room} "${missing}")
    return()
  endif()
  set(target corolla_${room})
  add_library(${target} ${arg_SOURCES})
  add_library(corolla::${room} ALIAS ${target})
  corolla_compile_options(${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${room} DEFINE_SYMBOL "" VERSION ${PROJECT_VERSION}
                        SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                        INSTALL_RPATH "$ORIGIN")  # a room finds the rooms below it beside itself
  target_include_directories(${target}
    PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>"
    PRIVATE "${PROJECT_SOURCE_DIR}/src")
  if(NOT COROLLA_SANITIZERS)
    # A shared room names all it needs; sanitizers' own symbols come from the program.
    target_link_options(${target} PRIVATE LINKER:--no-undefined)
  endif()
  if(arg_PRIVATE_DEFINITIONS)
    target_compile_definitions(${target} PRIVATE ${arg_PRIVATE_DEFINITIONS})
  endif()
  foreach(dep IN LISTS arg_PUBLIC_DEPS arg_PRIVATE_DEPS)
    if(NOT dep MATCHES "^corolla::")
      corolla_find_dependency(${dep})
    endif()
  endforeach()
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC_DEPS} PRIVATE ${arg_PRIVATE_DEPS})

  install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/corolla/${room}/"
          DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/corolla/${room}" FILES_MATCHING PATTERN "*.hpp")
  corolla_install_component(${room} "${arg_PUBLIC_DEPS}" "${arg_PRIVATE_DEPS}" "-lcorolla_${room}")
endfunction()

function(corolla_umbrella name)
  foreach(room IN LISTS ARGN)
    if(NOT TARGET corolla_${room})
      return()
    endif()
  endforeach()
  list(TRANSFORM ARGN PREPEND "corolla::" OUTPUT_VARIABLE deps)
  add_library(corolla_${name} INTERFACE)
  add_library(corolla::${name} ALIAS corolla_${name})
  set_target_properties(corolla_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(corolla_${name} INTERFACE ${deps})
  corolla_install_component(${name} "${deps}" "" "")
endfunction()

# One export set a component, so that a consumer of one room needs the third-party packages of that room alone.
function(corolla_install_component name public_deps private_deps link_flag)
  install(TARGETS corolla_${name} EXPORT corolla-${name}-targets
          LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
          RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(EXPORT corolla-${name}-targets NAMESPACE corolla:: DESTINATION "${COROLLA_CMAKE_DIR}")

  # A static library passes its private dependencies on to whoever links it; a shared one keeps them to itself.
  set(all_deps ${public_deps})
  if(NOT BUILD_SHARED_LIBS)
    list(APPEND all_deps ${private_deps})
  endif()
  list(REMOVE_DUPLICATES all_deps)
  set_property(GLOBAL APPEND PROPERTY COROLLA_COMPONENTS ${name})
  set_property(GLOBAL PROPERTY COROLLA_DEPS_${name} "${all_deps}")

  set(PC_NAME corolla-${name})
  if(name STREQUAL "corolla")
    set(PC_NAME corolla)
  endif()
  set(PC_COMPONENT ${name})
  set(requires "")
  set(flags ${link_flag})
  foreach(dep IN LISTS all_deps)
    if(dep MATCHES "^corolla::(.+)$")
      list(APPEND requires "corolla-${CMAKE_MATCH_1}")
    else()
      corolla_pkgconfig_of(${dep} module flag)
      list(APPEND requires ${module})
      list(APPEND flags ${flag})
    endif()
  endforeach()
  list(JOIN requires ", " PC_REQUIRES)
  list(JOIN flags " " PC_LIBS)
  # From where the file lies up to the prefix, so that an installed tree may be moved.
  file(RELATIVE_PATH PC_UP "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
  string(REGEX REPLACE "/$" "" PC_UP "${PC_UP}")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/corolla-component.pc.in" "${PROJECT_BINARY_DIR}/pkgconfig/${PC_NAME}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/pkgconfig/${PC_NAME}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()

function(corolla_install_package)
  get_property(COROLLA_COMPONENTS GLOBAL PROPERTY COROLLA_COMPONENTS)
  set(COROLLA_COMPONENT_DEPS "")
  foreach(name IN LISTS COROLLA_COMPONENTS)
    get_property(deps GLOBAL PROPERTY COROLLA_DEPS_${name})
    string(APPEND COROLLA_COMPONENT_DEPS "set(corolla_deps_${name} \"${deps}\")\n")
  endforeach()
  configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/corolla-config.cmake.in"
                                "${PROJECT_BINARY_DIR}/corolla-config.cmake" INSTALL_DESTINATION "${COROLLA_CMAKE_DIR}")
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/corolla-config-version.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/corolla-config.cmake" "${PROJECT_BINARY_DIR}/corolla-config-version.cmake"
                "${PROJECT_SOURCE_DIR}/cmake/CorollaDependencies.cmake" DESTINATION "${COROLLA_CMAKE_DIR}")
  file(GLOB umbrella_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/corolla/*.hpp")
  install(FILES ${umbrella_headers} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/corolla")
endfunction()
