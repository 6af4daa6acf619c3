# SPDX-License-Identifier: Apache-2.0
#
# find_package(bitloom): the target bitloom::bitloom, for C and for C++.
include(CMakeFindDependencyMacro)
find_dependency(fmt)
include(${CMAKE_CURRENT_LIST_DIR}/bitloomTargets.cmake)
