// lamina::image · SPDX-License-Identifier: Apache-2.0
// Connected components: which pixels of a mask hang together, and how large each piece is and where it lies.
#pragma once

#include <lamina/core/tensor.hpp>
#include <lamina/image/mask_bits.hpp>
#include <lamina/image/point.hpp>
#include <lamina/image/rows.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#define LAMINA_KERNEL <lamina/kernels/components.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

/// Which neighbours hang together: those that share a side, or those that share a side or a corner.
enum class connectivity { four, eight };

/// One piece of a mask, or all that is outside it.
struct component {
  index_t area = 0;                               // pixels
  index_t left = 0, top = 0, width = 0, height = 0;  // the smallest box around them
  point centroid;                                 // their mean, where pixel (0, 0) counts as the point (0, 0)
};

namespace detail {

/// The runs of a mask's rows, and which of them hang together. Labels are given in raster order, a new one to a run
/// that touches none above it; where two labels turn out to be one, the lower becomes the parent of the higher. So the
/// lowest of a component is its first pixel's, and after `flatten` labels count the components in raster order.
/// Rosenfeld and Pfaltz: Sequential operations in digital picture processing, 1966, by runs instead of pixels.
class labelled_runs {
 public:
  labelled_runs(arena::frame& scratch, const mask_bits& mask, connectivity neighbours)
      : edges_(scratch.take<std::int32_t>(mask.edge_count + 1)),
        labels_(scratch.take<std::int32_t>(mask.edge_count / 2)),
        parents_(scratch.take<std::int32_t>(mask.edge_count / 2 + 1)),
        row_begins_(scratch.take<std::int32_t>(mask.height + 1)) {
    const std::int32_t reach = neighbours == connectivity::eight ? 1 : 0;
    std::int32_t runs = 0, above = 0;
    for (index_t h = 0; h < mask.height; ++h) {
      std::int32_t* next = edges_ + 2 * runs;
      mask.for_each_edge(h, [&next](std::int32_t x) { *next++ = x; });
      row_begins_[h] = runs;
      const auto end = static_cast<std::int32_t>((next - edges_) / 2);
      join_rows(above, runs, end, reach);
      above = std::exchange(runs, end);
    }
    row_begins_[mask.height] = runs;
  }

  /// Gives every run the label of its component, 1 for the first; returns how many there are.
  std::int32_t flatten() {
    std::int32_t components = 0;
    for (std::int32_t label = 1; label <= last_label_; ++label) {
      const std::int32_t parent = parents_[label];
      parents_[label] = parent == label ? ++components : parents_[parent];
    }
    return components;
  }

  index_t row_begin(index_t h) const { return row_begins_[h]; }
  const std::int32_t* edges(index_t run) const { return edges_ + 2 * run; }
  std::int32_t* labels(index_t run) { return labels_ + run; }
  std::int32_t component_of(index_t run) const { return parents_[labels_[run]]; }

 private:
  /// Labels the runs of a row, [begin, end), by those of the row above, [above, begin).
  void join_rows(std::int32_t above, std::int32_t begin, std::int32_t end, std::int32_t reach) {
    for (std::int32_t run = begin; run < end; ++run) {
      const std::int32_t left = edges_[2 * run] - reach, right = edges_[2 * run + 1] + reach;
      while (above < begin && edges_[2 * above + 1] <= left) ++above;
      if (above == begin || edges_[2 * above] >= right) {
        ++last_label_;
        parents_[last_label_] = labels_[run] = last_label_;
        continue;
      }
      std::int32_t label = labels_[above];
      // The last that touches may touch the next run, too.
      while (above + 1 < begin && edges_[2 * above + 2] < right) {
        ++above;
        if (labels_[above] != label) label = unite(label, labels_[above]);
      }
      labels_[run] = label;
    }
  }

  std::int32_t root(std::int32_t label) {
    while (parents_[label] != label) label = std::exchange(parents_[label], parents_[parents_[label]]);
    return label;
  }
  std::int32_t unite(std::int32_t a, std::int32_t b) {
    a = root(a), b = root(b);
    const std::int32_t lower = std::min(a, b);
    parents_[std::max(a, b)] = lower;
    return lower;
  }

  std::int32_t *edges_, *labels_, *parents_, *row_begins_;
  std::int32_t last_label_ = 0;
};

/// Counts, sums and extremes from which a component's figures are made.
class component_sums {
 public:
  /// Pixels [begin, end) of row y, which is not above the rows added before.
  void add(std::int32_t begin, std::int32_t end, std::int32_t y) {
    const std::int64_t count = end - begin;
    if (area_ == 0) top_ = y;
    bottom_ = y;
    left_ = std::min(left_, begin);
    right_ = std::max(right_, end);
    area_ += count;
    twice_x_ += count * (begin + end - 1);
    y_ += count * y;
  }

  component figures() const {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    if (area_ == 0) return {.centroid = {none, none}};
    const auto area = static_cast<double>(area_);
    return {.area = area_,
            .left = left_,
            .top = top_,
            .width = right_ - left_,
            .height = bottom_ - top_ + 1,
            .centroid = {static_cast<double>(twice_x_ / 2) / area, static_cast<double>(y_) / area}};
  }

 private:
  std::int64_t area_ = 0, twice_x_ = 0, y_ = 0;
  std::int32_t left_ = std::numeric_limits<std::int32_t>::max(), right_ = 0, top_ = 0, bottom_ = 0;
};

inline void write_labels(isa set, const std::int32_t* edges, const std::int32_t* labels, index_t runs, index_t width,
                         std::int32_t* row) {
  LAMINA_DISPATCH(set, write_labels(edges, labels, runs, width, row));
}

}  // namespace detail

/// Numbers the connected components of a mask from 1 in raster order of their first pixels, and tells each one's area,
/// box and centroid. What OpenCV's connectedComponentsWithStats gives with CCL_SAUF; its other algorithms number
/// 8-connected components in another order.
///   mask    [1,H,W,1]; ≥ 128 is inside
///   labels  [1,H,W,1]; written: 0 outside
/// Returns the components by label, the background first: their number, with it, is the vector's size. A background
/// without a pixel has area 0, an empty box and NaN for its centroid.
/// Throws `error` on other shapes, or H·(W + 1) ≥ 2³¹ − 1.
inline std::vector<component> connected_components(cpu_context& ctx, view<const std::uint8_t> mask,
                                                   connectivity neighbours, view<std::int32_t> labels) {
  const auto [N, H, W, C] = mask.extents();
  require(labels.extents() == mask.extents(), "connected_components: mask ", mask.extents(), " and labels ",
          labels.extents(), " differ in shape");
  auto scratch = ctx.scratch().open();
  const auto bits = detail::bits_of_mask(ctx, scratch, "connected_components", mask);
  detail::labelled_runs runs(scratch, bits, neighbours);
  std::vector<detail::component_sums> sums(static_cast<std::size_t>(runs.flatten()) + 1);

  std::int32_t* dense = labels.pixel_stride() == 1 ? nullptr : scratch.take<std::int32_t>(W);
  const auto width = static_cast<std::int32_t>(W);
  detail::component_sums background;
  for (index_t h = 0; h < H; ++h) {
    const index_t begin = runs.row_begin(h), count = runs.row_begin(h + 1) - begin;
    const std::int32_t* edges = runs.edges(begin);
    std::int32_t* row_labels = runs.labels(begin);
    const auto y = static_cast<std::int32_t>(h);
    std::int32_t end = 0;
    for (index_t i = 0; i < count; ++i) {
      if (end < edges[2 * i]) background.add(end, edges[2 * i], y);
      end = edges[2 * i + 1];
      row_labels[i] = runs.component_of(begin + i);
      sums[static_cast<std::size_t>(row_labels[i])].add(edges[2 * i], end, y);
    }
    if (end < width) background.add(end, width, y);
    detail::write_labels(ctx.isa(), edges, row_labels, count, W, dense != nullptr ? dense : labels.pixel(0, h, 0));
    if (dense != nullptr) detail::write_row<std::int32_t>(dense, 0, h, labels);
  }
  sums[0] = background;
  std::vector<component> components;
  components.reserve(sums.size());
  for (const detail::component_sums& sum : sums) components.push_back(sum.figures());
  return components;
}

/// A mask's label image, and its components by label, the background first.
struct labelled_mask {
  tensor<std::int32_t> labels;  // [1,H,W,1]
  std::vector<component> components;
};
/// The same on the calling thread, in a new label image.
inline labelled_mask connected_components(view<const std::uint8_t> mask,
                                          connectivity neighbours = connectivity::eight) {
  cpu_context here;
  labelled_mask made{tensor<std::int32_t>(mask.extents(), uninitialized), {}};
  made.components = connected_components(here, mask, neighbours, made.labels.view());
  return made;
}

/// The number of connected pieces of a mask, without the background.
///   mask  [1,H,W,1]; ≥ 128 is inside
/// Throws `error` on other shapes, or H·(W + 1) ≥ 2³¹ − 1.
inline index_t count_components(view<const std::uint8_t> mask, connectivity neighbours = connectivity::eight) {
  cpu_context here;
  auto scratch = here.scratch().open();
  const auto bits = detail::bits_of_mask(here, scratch, "count_components", mask);
  return detail::labelled_runs(scratch, bits, neighbours).flatten();
}

}  // namespace lamina
