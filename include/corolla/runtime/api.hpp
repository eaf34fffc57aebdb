// SPDX-License-Identifier: Apache-2.0
/// \file
/// The mark of a symbol that the shared library exports; everything else is hidden (-fvisibility=hidden).
#pragma once

#define COROLLA_API __attribute__((visibility("default")))
