// lamina::predict · SPDX-License-Identifier: Apache-2.0
// Exact tiling: which part of an image a network must see so that part of its result has the bits of the whole.
#pragma once

#include <lamina/graph/tape.hpp>

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

namespace lamina {

/// One tile along one axis: the network runs on input pixels from `begin` on, and its result's pixels from `skip` on
/// are the whole's [first, last).
struct tile_part {
  index_t begin, first, last, skip;
};

/// How an axis is cut: every tile has `extent` input pixels, so that one program serves them all.
struct tile_cut {
  index_t extent;
  std::vector<tile_part> parts;
};

/// A network recorded for a whole image, seen along one axis. A tile of the input gives every variable of the network a
/// tile of its own. It begins `begin`·up/down pixels into the whole's, which is a whole number, and keeps the phase of
/// strides, pooling and upsampling, where `begin` is a multiple of `multiple()`. And where its extent leaves the same
/// remainder as the whole's, everything that is padded or cropped by what its size leaves over is treated alike.
/// What remains to be known of a variable's tile are the pixels that are the whole's: an op's output is where all that
/// it reads is, or lies outside of tile and whole on the same side. The others, the halo, are computed and thrown away.
class tile_axis {
 public:
  /// `extent` and `axis` choose rows or columns: &shape::h and &op_reach::rows, or &shape::w and &op_reach::columns.
  /// Throws `error` that names the op when one depends on the whole image, or joins different scales.
  template <class T, class Device>
  tile_axis(const tape<T, Device>& whole, variable input, variable output, index_t shape::* extent,
            axis_reach op_reach::* axis)
      : input_(at(input.id)), output_(at(output.id)) {
    for (const recorded_variable& v : whole.variables()) lines_.push_back({v.extents.*extent});
    lines_[input_].up = 1;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      const auto& node = whole.node_at(i);
      const std::optional<op_reach> reach = node.reach();
      if (!reach)
        fail("tiling: ", node.kind(), " depends on the whole image, so that no tile of it can be computed by itself");
      op made{{}, {}, (*reach).*axis};
      for (const int v : whole.records()[i].inputs) made.inputs.push_back(at(v));
      for (const int v : whole.records()[i].outputs) made.outputs.push_back(at(v));
      const line& from = lines_[made.inputs.front()];
      for (const std::size_t v : made.inputs)
        require(lines_[v].up == from.up && lines_[v].down == from.down && from.up > 0, "tiling: ", node.kind(),
                " joins what is not of the same scale");
      const index_t up = from.up * made.reach.scale, down = from.down * made.reach.step, common = std::gcd(up, down);
      for (const std::size_t v : made.outputs) lines_[v].up = up / common, lines_[v].down = down / common;
      // begin · up/down must be a multiple of the grid
      const index_t grid = reach->grid * (down / common);
      multiple_ = std::lcm(multiple_, grid / std::gcd(grid, up / common));
      ops_.push_back(std::move(made));
    }
  }

  /// What a tile's first input pixel is a multiple of: the network's total stride.
  index_t multiple() const { return multiple_; }

  /// The extent of a variable in a tile of `extent` input pixels.
  index_t extent_in_tile(int variable, index_t extent) const {
    const line& v = lines_[at(variable)];
    return v.extent - (lines_[input_].extent - extent) * v.up / v.down;
  }

  /// Cut so that a tile adds `side` pixels to the result, or less: all tiles alike in size, evenly spaced. The whole
  /// where it isn't larger than that; the smallest tiles that there are where none is so small.
  /// Throws `error` unless `side` is positive.
  tile_cut cut(index_t side) const {
    require(side > 0, "tiling: tiles of ", side, " pixels");
    const index_t whole = lines_[input_].extent;
    if (lines_[output_].extent <= side) return tiles(whole);
    index_t chosen = whole;
    for (index_t extent = whole - multiple_; extent > 0 && advance(extent) > 0; extent -= multiple_) {
      const bool balances = added(chosen) <= side && count(extent) > count(chosen);
      if (chosen < whole && balances) break;
      chosen = extent;
    }
    return tiles(chosen);
  }

 private:
  struct line {
    index_t extent;            // of the whole's variable
    index_t up = 0, down = 1;  // its pixels for each of the input's; 0: nobody makes it
  };
  struct op {
    std::vector<std::size_t> inputs, outputs;
    axis_reach reach;
  };
  struct range {
    index_t first, last;
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  static constexpr index_t floor_div(index_t a, index_t b) { return a >= 0 ? a / b : -ceil_div(-a, b); }
  static constexpr index_t ceil_of(index_t a, index_t b) { return -floor_div(-a, b); }

  /// The whole's result that the tile of input pixels [begin, begin + extent) gives.
  range computed(index_t begin, index_t extent) const {
    const index_t cut_off = lines_[input_].extent - extent;
    std::vector<range> known(lines_.size(), {0, 0});  // in pixels of the tile
    known[input_] = {0, extent};
    for (const op& o : ops_) {
      for (const std::size_t to : o.outputs) {
        const line& y = lines_[to];
        range r{0, y.extent - cut_off * y.up / y.down};
        for (const std::size_t from : o.inputs) {
          const line& x = lines_[from];
          const range& k = known[from];
          const index_t size = x.extent - cut_off * x.up / x.down, offset = begin * x.up / x.down;
          const bool from_the_edge = offset == 0 && k.first == 0;
          const bool to_the_edge = offset + size == x.extent && k.last == size;
          const auto [step, scale, first, last] = o.reach;
          if (!from_the_edge) r.first = std::max(r.first, ceil_of(k.first * scale - first, step));
          if (!to_the_edge) r.last = std::min(r.last, ceil_of(k.last * scale - last, step));
        }
        known[to] = r;
      }
    }
    const index_t offset = begin * lines_[output_].up / lines_[output_].down;
    return {known[output_].first + offset, known[output_].last + offset};
  }

  /// Pixels of the result that each further tile of this extent adds, one that touches no edge.
  index_t added(index_t extent) const {
    if (extent >= lines_[input_].extent) return lines_[output_].extent;
    const index_t offset = multiple_ * lines_[output_].up / lines_[output_].down;
    return computed(0, extent).last - (computed(multiple_, extent).first - offset);
  }
  /// How far apart such tiles begin at most.
  index_t advance(index_t extent) const {
    return floor_div(floor_div(added(extent) * lines_[output_].down, lines_[output_].up), multiple_) * multiple_;
  }
  index_t count(index_t extent) const {
    const index_t whole = lines_[input_].extent;
    return extent >= whole ? 1 : 1 + ceil_div(whole - extent, advance(extent));
  }

  tile_cut tiles(index_t extent) const {
    const index_t n = count(extent), rest = lines_[input_].extent - extent;
    const line& y = lines_[output_];
    tile_cut made{extent, {}};
    for (index_t i = 0; i < n; ++i) {
      const index_t begin = n == 1 ? 0 : i * (rest / multiple_) / (n - 1) * multiple_;
      const index_t first = i == 0 ? 0 : computed(begin, extent).first;
      if (i > 0) made.parts.back().last = first;
      made.parts.push_back({begin, first, y.extent, first - begin * y.up / y.down});
    }
    return made;
  }

  std::size_t input_, output_;
  std::vector<line> lines_;
  std::vector<op> ops_;
  index_t multiple_ = 1;
};

}  // namespace lamina
