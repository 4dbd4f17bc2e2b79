// lamina::predict · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/program.hpp>
#include <lamina/predict/tiling.hpp>

#include <algorithm>
#include <memory>
#include <optional>

namespace lamina {

/// A network recorded for a whole image, and the ways to cut that. Its ops compute squares of at most 4×4 pixels, and
/// where their output has a quarter of the image's rows or fewer, each pixel by itself: there every further pixel that
/// an op reads is four or more of every tile's halo, which cost more than a quicker algorithm saves.
template <class T>
class whole_network {
 public:
  /// Throws `error` where the image doesn't fit the network.
  template <class Network>
  whole_network(const Network& network, shape extents) : input_(tape_.input(extents)) {
    output_ = network(tape_, input_);
    tape_.fuse_for_inference(output_);
    tape_.limit_tiles(4);
    tape_.limit_tiles_below(4, input_, 1);
  }

  const tape<T>& recorded() const { return tape_; }
  const shape& input_extents() const { return tape_.extents(input_); }
  const shape& output_extents() const { return tape_.extents(output_); }

  /// Rows and columns of the image. Throw `error` that names an op which depends on the whole image.
  tile_axis rows() const { return {tape_, input_, output_, &shape::h, &op_reach::rows}; }
  tile_axis columns() const { return {tape_, input_, output_, &shape::w, &op_reach::columns}; }

 private:
  tape<T> tape_;
  variable input_, output_;
};

/// A network on an image, tile by tile: bit for bit what it says of the whole at once, in less memory. A tile runs with
/// the algorithms that its ops have on the whole.
///
///     const whole_network<float> whole(net, {1, 2848, 4288, 3});
///     tiled_program<float> tiles(ctx, net, layout, whole, 512, space);
///     tiles.forward(ctx, weights, [&](view<float> x, index_t row, index_t column) { … },
///                   [&](view<const float> y, index_t row, index_t column) { … });
///
/// The network must outlive it and stay where it is.
template <class T>
class tiled_program {
 public:
  /// Tiles that add `side` × `side` pixels to the result; nothing: one that is the whole. Allocates nothing yet.
  /// Throws `error` where the network can't be tiled (see tile_axis).
  template <class Network>
  tiled_program(const cpu_context& ctx, const Network& network, std::shared_ptr<const parameter_layout> layout,
                const whole_network<T>& whole, std::optional<index_t> side, workspace<cpu>& space)
      : rows_(cut(whole, side, &whole_network<T>::rows, &shape::h)),
        columns_(cut(whole, side, &whole_network<T>::columns, &shape::w)),
        program_(ctx, network, std::move(layout),
                 {whole.input_extents().n, rows_.extent, columns_.extent, whole.input_extents().c}, run_mode::inference,
                 space, {}, &whole.recorded()) {
    if (tiles() > 1) require_same_geometry(whole);
  }

  const memory_plan& plan() const { return program_.plan(); }
  shape tile_extents() const { return program_.input_extents(); }
  index_t tiles() const { return static_cast<index_t>(rows_.parts.size() * columns_.parts.size()); }

  /// For each tile: read(x, row, column) writes the whole's input pixels from there on into x [N,h,w,C]; the network
  /// runs; write(y, row, column) is given the whole's result from there on. Together the y cover it, each pixel once.
  template <class Read, class Write>
  void forward(cpu_context& ctx, const parameter_set<cpu>& parameters, Read&& read, Write&& write) {
    for (const tile_part& r : rows_.parts)
      for (const tile_part& c : columns_.parts) {
        read(program_.input(), r.begin, c.begin);
        program_.forward(ctx, parameters);
        write(program_.output().rectangle(r.skip, c.skip, r.last - r.first, c.last - c.first), r.first, c.first);
      }
  }

 private:
  static tile_cut cut(const whole_network<T>& whole, std::optional<index_t> side,
                      tile_axis (whole_network<T>::*axis)() const, index_t shape::* extent) {
    const index_t out = whole.output_extents().*extent;
    if (!side) return {whole.input_extents().*extent, {{0, 0, out, 0}}};
    return (whole.*axis)().cut(*side);
  }
  /// A network may look at its input's size when it records itself. Throws `error` unless it does the same to a tile.
  void require_same_geometry(const whole_network<T>& whole) const {
    const tile_axis rows = whole.rows(), columns = whole.columns();
    const tape<T>&all = whole.recorded(), &part = program_.tape();
    for (std::size_t i = 0; i < part.size(); ++i) {
      require(part.node_at(i).reach() == all.node_at(i).reach(), "tiling: ", part.node_at(i).kind(), " of ",
              program_.input_extents(), " reads other places than of ", whole.input_extents(), " (NHWC)");
      for (const int v : part.records()[i].outputs) {
        const recorded_variable& made = part.variables()[static_cast<std::size_t>(v)];
        if (made.type == element_type::float32) continue;  // statistics, which inference does without
        require(made.extents.h == rows.extent_in_tile(v, rows_.extent) &&
                    made.extents.w == columns.extent_in_tile(v, columns_.extent),
                "tiling: ", part.node_at(i).kind(), " makes ", made.extents, " of a tile ", program_.input_extents(),
                " of ", whole.input_extents(), " (NHWC)");
      }
    }
  }

  tile_cut rows_, columns_;
  program<T> program_;
};

/// A size of tiles, and the memory that their program takes, scratch included.
struct tile_choice {
  bool fits;
  std::optional<index_t> side;  // nothing: the whole at once
  std::size_t bytes;
};

/// The largest square tiles, the whole among them, whose program is within `bytes`; where none fits, those that take
/// the least memory.
template <class T, class Network>
tile_choice largest_tile(const cpu_context& ctx, const Network& network,
                         const std::shared_ptr<const parameter_layout>& layout, const whole_network<T>& whole,
                         std::size_t bytes) {
  workspace<cpu> none;  // programs are planned, not run
  const auto planned = [&](std::optional<index_t> side) {
    const std::size_t needed = tiled_program<T>(ctx, network, layout, whole, side, none).plan().bytes();
    return tile_choice{needed <= bytes, side, needed};
  };
  tile_choice best = planned(std::nullopt);
  if (best.fits) return best;
  const index_t multiple = std::max(whole.rows().multiple(), whole.columns().multiple());
  const index_t longer = std::max(whole.output_extents().h, whole.output_extents().w);
  for (index_t n = 2, side; (side = ceil_div(longer, n)) >= multiple; ++n) {
    const tile_choice smaller = planned(side);
    if (smaller.fits) return smaller;
    if (smaller.bytes < best.bytes) best = smaller;
  }
  return best;
}

}  // namespace lamina
