// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Everything of the target lamina::lamina. A program that wants less includes what it names.
#pragma once

#include <lamina/core/arena.hpp>
#include <lamina/core/context.hpp>
#include <lamina/core/error.hpp>
#include <lamina/core/isa.hpp>
#include <lamina/core/parallel.hpp>
#include <lamina/core/random.hpp>
#include <lamina/core/scalar.hpp>
#include <lamina/core/shape.hpp>
#include <lamina/core/tensor.hpp>
#include <lamina/core/thread_pool.hpp>
#include <lamina/core/version.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/relu.hpp>
