# SPDX-License-Identifier: Apache-2.0
#
# corolla::llhttp, the HTTP/1 parser: a system libllhttp where pkg-config knows one, otherwise a static archive from the C
# sources that Debian's node-llhttp ships. Those default to loose parsing, which is how requests are smuggled, so they are
# compiled with LLHTTP_STRICT_MODE=1; their symbols stay hidden inside the library that links them.
include_guard()

set(COROLLA_LLHTTP_SOURCE_DIR "/usr/share/llhttp" CACHE PATH "Directory of llhttp.c, api.c and http.c")
set(COROLLA_LLHTTP_INCLUDE_DIR "/usr/share/include/llhttp" CACHE PATH "Directory of llhttp.h")

find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(libllhttp QUIET IMPORTED_TARGET GLOBAL libllhttp)
endif()

if(TARGET PkgConfig::libllhttp)
  add_library(corolla_llhttp INTERFACE)
  target_link_libraries(corolla_llhttp INTERFACE PkgConfig::libllhttp)
  set(corolla_llhttp_deps PkgConfig::libllhttp)
  set(corolla_llhttp_flag "")
elseif(EXISTS "${COROLLA_LLHTTP_SOURCE_DIR}/llhttp.c" AND EXISTS "${COROLLA_LLHTTP_INCLUDE_DIR}/llhttp.h")
  add_library(corolla_llhttp STATIC "${COROLLA_LLHTTP_SOURCE_DIR}/llhttp.c" "${COROLLA_LLHTTP_SOURCE_DIR}/api.c"
                                    "${COROLLA_LLHTTP_SOURCE_DIR}/http.c")
  target_include_directories(corolla_llhttp SYSTEM PUBLIC "$<BUILD_INTERFACE:${COROLLA_LLHTTP_INCLUDE_DIR}>")
  target_compile_definitions(corolla_llhttp PUBLIC "$<BUILD_INTERFACE:LLHTTP_STRICT_MODE=1>")
  # The generated state machine is others' code: its warnings are not ours to mend.
  target_compile_options(corolla_llhttp PRIVATE -w)
  set_target_properties(corolla_llhttp PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
  set(corolla_llhttp_deps "")
  set(corolla_llhttp_flag "-lcorolla_llhttp")
else()
  message(STATUS "corolla: no llhttp found (Debian: node-llhttp); rooms that need it will not configure")
  return()
endif()
add_library(corolla::llhttp ALIAS corolla_llhttp)
set_target_properties(corolla_llhttp PROPERTIES EXPORT_NAME llhttp)
corolla_install_component(llhttp "${corolla_llhttp_deps}" "" "${corolla_llhttp_flag}")
