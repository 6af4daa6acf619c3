// SPDX-License-Identifier: Apache-2.0
//
// LibTorch's tensor. To be included before any other of its headers: Clang 14 in C++20 must have seen the whole of ivalue.h
// before others, which name its std::vector<IValue>, make it instantiate that of a type still unknown.
#pragma once

#include <ATen/core/ivalue.h>

#include <ATen/core/Tensor.h>
