// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/program.hpp>

#include <algorithm>
#include <cstddef>
#include <iomanip>
#include <sstream>
#include <string>

namespace lamina {

/// A program's parameters, floating point operations and memory, for a person to read before a long run: what the
/// network keeps for backward (a UNet its skips, a SegNet its pooling indices of 2 bits), and what is asked for in all.
template <class T>
std::string plan_text(const program<T>& p, const parameter_layout& layout) {
  std::size_t indices = 0, statistics = 0, skips = 0;
  const auto bytes = [&](const recorded_variable& v) {
    return static_cast<std::size_t>(v.extents.size()) * bytes_of(v.type, sizeof(T));
  };
  const auto& variables = p.tape().variables();
  for (const recorded_variable& v : variables) {
    if (v.type == element_type::uint8) indices += bytes(v);
    if (v.type == element_type::float32) statistics += bytes(v);
  }
  for (std::size_t i = 0; i < p.tape().size(); ++i)
    if (p.tape().node_at(i).kind() == "concat")  // of what is joined, the skip was recorded first
      skips += bytes(variables[static_cast<std::size_t>(std::ranges::min(p.tape().records()[i].inputs))]);

  std::ostringstream text;
  text << std::fixed << std::setprecision(3);
  const auto line = [&](const char* what, double value, const char* unit) {
    text << "  " << std::left << std::setw(46) << what << std::right << std::setw(14) << value << ' ' << unit << '\n';
  };
  const auto megabytes = [&](const char* what, std::size_t count) {
    line(what, static_cast<double>(count) / 1e6, "MB");
  };
  const memory_plan& plan = p.plan();
  text << "input " << p.input_extents() << ", output " << p.output_extents() << " (NHWC), " << layout.trainable_count()
       << " trainable parameters\n";
  text << "arithmetic, two operations per multiply-add:\n";
  line("forward pass", p.flops() / 1e9, "GFLOP");
  if (p.mode() == run_mode::training) line("step, about three times that", 3 * p.flops() / 1e9, "GFLOP");
  if (plan.dropped > 0) {
    line("computed once more to meet the limit of memory", plan.recomputed_flops / 1e9, "GFLOP");
    text << "  (" << plan.dropped << " activations, " << 100 * plan.recomputed_share()
         << " % more arithmetic in a step)\n";
  }
  text << "what is kept for backward:\n";
  megabytes("pooling indices, 2 bits each", indices);
  megabytes("skips, from encoder to decoder", skips);
  megabytes("statistics of batch norm", statistics);
  text << "buffers, as if none shared memory:\n";
  megabytes("activations", plan.bytes_of(buffer_use::value));
  megabytes("activations computed once more for backward", plan.bytes_of(buffer_use::rebuilt));
  megabytes("statistics and indices", plan.bytes_of(buffer_use::auxiliary));
  megabytes("gradients of activations", plan.bytes_of(buffer_use::gradient));
  if (const std::size_t all = plan.bytes_of(buffer_use::parameter_gradient); all > 0)
    megabytes("gradients of parameters, each alive in its layer", all);
  text << "memory asked for:\n";
  megabytes("one block that all of these share", plan.block_bytes);
  megabytes("scratch", plan.scratch_bytes);
  megabytes("parameters, each set of them", static_cast<std::size_t>(layout.size()) * sizeof(float));
  text << "  not in these: images read ahead and kept, scratch of the loss (16 bytes a logit at most)\n";
  return text.str();
}

}  // namespace lamina
