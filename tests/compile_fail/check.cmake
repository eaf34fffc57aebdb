# SPDX-License-Identifier: Apache-2.0
# Compiles one case; see CMakeLists.txt. An empty EXPECTED asks for success.
execute_process(
  COMMAND "${COMPILER}" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Werror "-I${INCLUDE}" "-DCASE_${CASE}" "${SOURCE}"
  RESULT_VARIABLE status ERROR_VARIABLE output OUTPUT_VARIABLE output)
if(EXPECTED STREQUAL "")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "the control case does not compile:\n${output}")
  endif()
elseif(status EQUAL 0)
  message(FATAL_ERROR "'${CASE}' compiles")
elseif(NOT output MATCHES "${EXPECTED}")
  message(FATAL_ERROR "'${CASE}' fails without saying '${EXPECTED}':\n${output}")
endif()
