# SPDX-License-Identifier: Apache-2.0
#
# corolla_test(<name> SOURCES a_test.cpp ... [LIBS corolla::http ...] [BACKENDS] [NO_MAIN])
#
# makes <build>/bin/<name>, a GoogleTest program (gtest_main unless NO_MAIN), and registers ONE ctest entry for the whole
# binary, because a process for each of thousands of cases costs more than the cases do. With BACKENDS it is registered
# twice, <name>.epoll and <name>.io_uring, with COROLLA_BACKEND set. Each entry leaves
# <build>/test-results/<entry>.xml, from which scripts/test counts the cases.
#
# A check that is not GoogleTest is an ordinary add_test(), and counts as one.
# Tests may include the private headers below src/.
include_guard()
include("${CMAKE_CURRENT_LIST_DIR}/CorollaLibrary.cmake")

function(corolla_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "BACKENDS;NO_MAIN" "" "SOURCES;LIBS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "corolla_test(${name}): SOURCES is needed; not understood: '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  corolla_missing_rooms(missing ${arg_LIBS})
  if(missing)
    corolla_leave_out(${name} "${missing}")
    return()
  endif()
  find_package(GTest REQUIRED)
  add_executable(${name} ${arg_SOURCES})
  corolla_compile_options(${name})
  if(COROLLA_SANITIZERS)
    # Optimising the checks inside gtest's macros takes more time than running them unoptimised; the rooms are optimised.
    target_compile_options(${name} PRIVATE -O0)
  endif()
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}")
  foreach(lib IN LISTS arg_LIBS)
    if(lib MATCHES "::" AND NOT lib MATCHES "^corolla::")
      corolla_find_dependency(${lib})
    endif()
  endforeach()
  target_link_libraries(${name} PRIVATE ${arg_LIBS} GTest::gtest)
  if(NOT arg_NO_MAIN)
    target_link_libraries(${name} PRIVATE GTest::gtest_main)
  endif()

  set(entries ${name})
  if(arg_BACKENDS)
    set(entries ${name}.epoll ${name}.io_uring)
  endif()
  foreach(entry IN LISTS entries)
    add_test(NAME ${entry}
             COMMAND ${name} "--gtest_output=xml:${PROJECT_BINARY_DIR}/test-results/${entry}.xml" --gtest_brief=1)
    set_tests_properties(${entry} PROPERTIES TIMEOUT 600 LABELS gtest)
    if(arg_BACKENDS)
      string(REPLACE "${name}." "" backend ${entry})
      set_tests_properties(${entry} PROPERTIES ENVIRONMENT "COROLLA_BACKEND=${backend}")
    endif()
  endforeach()
endfunction()
