# SPDX-License-Identifier: Apache-2.0
#
# corolla_site_example(<name> [LIBS corolla::corolla corolla::http ...] [OPTIONS --sorted ...] [ARGS ...])
#
# builds <name>.cpp and runs it against http_site.py's web site; what it prints must be expected/<name>.txt.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

function(corolla_site_example name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS;OPTIONS;ARGS")
  corolla_missing_rooms(missing ${arg_LIBS})
  if(missing)
    corolla_leave_out(example.${name} "${missing}")
    return()
  endif()
  add_executable(example_${name} ${name}.cpp)
  corolla_compile_options(example_${name})
  target_link_libraries(example_${name} PRIVATE ${arg_LIBS})
  if(COROLLA_BUILD_TESTS)
    add_test(NAME example.${name}
             COMMAND Python3::Interpreter -B "${CMAKE_CURRENT_SOURCE_DIR}/http_site.py" ${arg_OPTIONS}
                     "$<TARGET_FILE:example_${name}>" "${CMAKE_CURRENT_SOURCE_DIR}/expected/${name}.txt" ${arg_ARGS})
    set_tests_properties(example.${name} PROPERTIES TIMEOUT 120)
  endif()
endfunction()

corolla_site_example(http_fetch_all LIBS corolla::corolla corolla::http ARGS {SITE}/page/1 {SITE}/page/2 {SITE}/image/flag.gif)
corolla_site_example(http_headers LIBS corolla::corolla corolla::http ARGS {SITE}/agent)
corolla_site_example(http_json_api LIBS corolla::corolla corolla::http ARGS {SITE})
corolla_site_example(http_over_streams LIBS corolla::corolla corolla::http OPTIONS --sorted
                     ARGS {SITE}/page/1 {SITE}/page/2 {SITE}/page/3)
corolla_site_example(http_semaphore LIBS corolla::corolla corolla::http OPTIONS --sorted
                     ARGS {SITE}/page/1 {SITE}/page/2 {SITE}/page/3 {SITE}/missing)
corolla_site_example(http_progress LIBS corolla::corolla corolla::http
                     ARGS {TMP} {SITE}/image/cn.gif {SITE}/image/in.gif {SITE}/missing.gif {SITE}/image/us.gif)
corolla_site_example(http_timeouts LIBS corolla::corolla corolla::http
                     ARGS {SITE}/page/1 {SITE}/stalled {SITE}/missing {NOBODY}/ {SITE}/large ftp://a.example/)
corolla_site_example(http_thread_pool LIBS corolla::corolla ARGS {HOST} {PORT} /page/1 /page/2 /page/3 /page/4)
corolla_site_example(crawl_movies LIBS corolla::corolla corolla::crawl ARGS {SITE}/top250?start=0 {SITE}/top250?start=2)
corolla_site_example(http_server LIBS corolla::corolla corolla::http ARGS "${CMAKE_CURRENT_SOURCE_DIR}/expected")
corolla_site_example(crawl_site LIBS corolla::corolla corolla::crawl corolla::sqlite
                     ARGS "{SITE}/top250?start=0" {TMP}/site.sqlite)
corolla_site_example(crawl_page LIBS corolla::corolla corolla::crawl
                     OPTIONS --stdin "<base href=/a/><title>A page</title><a href=b>b</a><a href=../c>c</a><p class=x>1<p class=x>2"
                     ARGS http://a.example/ title=css:title xs[]=css:p.x)

corolla_example(websocket_chat LIBS corolla::corolla corolla::http)
