# SPDX-License-Identifier: Apache-2.0
#
# How a third-party target comes into being. This one file serves the build and, installed beside corolla-config.cmake,
# the consumer of a static library, so that both always mean the same thing.
#
# A room names the imported target it links and never calls find_package itself:
#   PkgConfig::<module>     any pkg-config module by its own name: PkgConfig::liburing, PkgConfig::libxml-2.0, PkgConfig::re2
#   Threads::Threads, OpenSSL::SSL, OpenSSL::Crypto, ZLIB::ZLIB
include_guard()
include(CMakeFindDependencyMacro)

macro(corolla_find_dependency target)
  if(NOT TARGET ${target})
    if("${target}" STREQUAL "Threads::Threads")
      set(THREADS_PREFER_PTHREAD_FLAG ON)
      find_dependency(Threads)
    elseif("${target}" MATCHES "^(OpenSSL|ZLIB)::")
      find_dependency(${CMAKE_MATCH_1})
    elseif("${target}" MATCHES "^PkgConfig::(.+)$")
      set(corolla_pkg_module "${CMAKE_MATCH_1}")
      find_dependency(PkgConfig)
      pkg_check_modules("${corolla_pkg_module}" REQUIRED IMPORTED_TARGET GLOBAL "${corolla_pkg_module}")
    else()
      message(FATAL_ERROR "corolla: no rule finds ${target}; add one to cmake/CorollaDependencies.cmake")
    endif()
  endif()
endmacro()

# The pkg-config module of a third-party target, or a linker flag where it has none.
function(corolla_pkgconfig_of target out_module out_flag)
  set(module "")
  set(flag "")
  if(target STREQUAL "Threads::Threads")
    set(flag "-pthread")
  elseif(target STREQUAL "OpenSSL::SSL")
    set(module "libssl")
  elseif(target STREQUAL "OpenSSL::Crypto")
    set(module "libcrypto")
  elseif(target STREQUAL "ZLIB::ZLIB")
    set(module "zlib")
  elseif(target MATCHES "^PkgConfig::(.+)$")
    set(module "${CMAKE_MATCH_1}")
  endif()
  set(${out_module} "${module}" PARENT_SCOPE)
  set(${out_flag} "${flag}" PARENT_SCOPE)
endfunction()
