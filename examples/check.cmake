# SPDX-License-Identifier: Apache-2.0
# Runs PROGRAM and compares its standard output with the file EXPECTED and its exit code with EXIT_CODE.
execute_process(COMMAND "${PROGRAM}" RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
file(READ "${EXPECTED}" expected)
if(NOT status STREQUAL EXIT_CODE)
  message(FATAL_ERROR "exit code ${status} instead of ${EXIT_CODE}\n${output}${errors}")
endif()
if(NOT output STREQUAL expected)
  message(FATAL_ERROR "printed:\n${output}\nexpected:\n${expected}")
endif()
