// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// graph: what a network is made of: parameters, the tape that records ops, the memory plan, the program that runs it.
#pragma once

#include <lamina/core/shape.hpp>

#include <concepts>
#include <ranges>
#include <string>
#include <string_view>

namespace lamina {

/// How a parameter starts.
///   glorot  uniform on ±sqrt(6 / (fan_in + fan_out)); Glorot & Bengio 2010
///   he      normal, standard deviation sqrt(2 / fan_in); He et al. 2015, arXiv:1502.01852
enum class initializer { zeros, ones, glorot, he };

/// What a layer knows of a parameter: its shape and its start. The values live in a `parameter_set`, of which one
/// network may have many (trained, averaged, best), so that a network is never changed by training.
struct parameter {
  shape extents{0, 0, 0, 0};
  initializer start = initializer::zeros;
  index_t fan_in = 1, fan_out = 1;
  bool trainable = true;  // false: running statistics
};

/// A layer or a network: a type that names its parameters and layers to visitor(name, part), in a fixed order.
template <class M>
concept module = requires(const M& m) { m.visit([](std::string_view, const auto&) {}); };

/// Calls body(full name, parameter) for every parameter inside `part`, in the order of visiting; names are joined by
/// dots and list elements are numbered: `encoder.0.conv1.weight`.
template <class Part, class Body>
void for_each_parameter(const Part& part, Body&& body, const std::string& name = {}) {
  if constexpr (std::same_as<Part, parameter>) {
    if (part.extents.size() > 0) body(name, part);
  } else if constexpr (std::ranges::range<const Part>) {
    std::size_t i = 0;
    for (const auto& element : part) for_each_parameter(element, body, name + '.' + std::to_string(i++));
  } else {
    part.visit([&](std::string_view child, const auto& inner) {
      for_each_parameter(inner, body, name.empty() ? std::string(child) : name + '.' + std::string(child));
    });
  }
}

}  // namespace lamina
