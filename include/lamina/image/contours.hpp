// lamina::image · SPDX-License-Identifier: Apache-2.0
// Contours: the borders of a mask's pieces and of their holes, pixel by pixel, and which lies in which.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/image/mask_bits.hpp>
#include <lamina/image/point.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

namespace lamina::detail {

/// A neighbour's direction: 0 is right, 1 right and up, on against the clock to 7, right and down. Of the 3 × 3 bits
/// around a pixel, row by row, which is the neighbour's.
inline constexpr unsigned neighbour_bit[8] = {5, 2, 1, 0, 3, 6, 7, 8};
inline constexpr unsigned centre_bit = 1 << 4;

inline constexpr std::uint8_t passes_left = 8, passes_right = 16;

/// One step along a border, by the direction that it comes from and the 3 × 3 bits around the pixel: against the clock
/// the first neighbour that is inside is the next pixel. Bits 0–2: the direction from there back to here. `passes_left`
/// and `passes_right`: the search went over an outside pixel at that side.
inline constexpr std::array<std::uint8_t, 8 * 512> border_steps = [] {
  std::array<std::uint8_t, 8 * 512> steps{};
  for (unsigned from = 0; from < 8; ++from)
    for (unsigned bits = 0; bits < 512; ++bits) {
      unsigned passed = 0, to = from;
      for (unsigned turn = 0; turn < 8; ++turn) {
        to = (to + 1) % 8;
        if ((bits >> neighbour_bit[to] & 1) != 0) break;
        if (to == 4) passed |= passes_left;
        if (to == 0) passed |= passes_right;
      }
      steps[from << 9 | bits] = static_cast<std::uint8_t>((to ^ 4u) | passed);
    }
  return steps;
}();

/// What a border is followed on: the words of mask_bits, read as bytes, and a mark for each edge.
static_assert(std::endian::native == std::endian::little, "the bits of three neighbours lie in bytes that follow");
struct border_map {
  index_t row_words;
  const std::uint64_t *bits, *edges;
  const std::int32_t* edges_before;
  std::int32_t* marks;  // one more stands before the first
};

}  // namespace lamina::detail

#define LAMINA_KERNEL <lamina/kernels/contours.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

/// Which contours are wanted, and how they hang together; OpenCV's RETR_EXTERNAL, RETR_LIST, RETR_CCOMP and RETR_TREE.
enum class contour_retrieval {
  external,    // outer borders that lie in no hole
  list,        // all, side by side
  two_levels,  // outer borders side by side, the holes of a piece as its border's children
  tree         // outer borders in the holes that they lie in, too
};

/// One border: which of the points it has, and its place among the others, by number or −1.
struct contour {
  index_t begin = 0, end = 0;
  std::int32_t next = -1, previous = -1;  // among those of the same parent
  std::int32_t first_child = -1, parent = -1;
  bool is_hole = false;
};

/// Contours, the points of one behind those of another.
struct contour_set {
  std::vector<pixel_point> points;
  std::vector<contour> contours;

  index_t size() const { return static_cast<index_t>(contours.size()); }
  /// The points of contour i, in the order of its border.
  std::span<const pixel_point> operator[](index_t i) const {
    const contour& c = contours[static_cast<std::size_t>(i)];
    return std::span(points).subspan(static_cast<std::size_t>(c.begin), static_cast<std::size_t>(c.end - c.begin));
  }
};

namespace detail {

inline index_t count_differences(isa set, const std::uint64_t* a, const std::uint64_t* b, index_t words) {
  LAMINA_DISPATCH(set, count_differences(a, b, words));
}
inline pixel_point* follow_border(isa set, const border_map& map, pixel_point start, unsigned open,
                                  std::int32_t number, pixel_point* out) {
  LAMINA_DISPATCH(set, follow_border(map, start, open, number, out));
}

/// A border by its number in the order of finding; 0 is the picture's frame, which is like a hole that holds all.
struct found_border {
  index_t begin = 0;  // its points, up to those of the next
  std::int32_t parent = 0, next = 0, first_child = 0;
  bool is_hole = true;
};

/// Puts borders in order: each before its children, of children the last found first, as OpenCV does.
inline contour_set arranged(std::vector<found_border> borders, std::span<const pixel_point> points) {
  const auto at = [&borders](std::int32_t i) -> found_border& { return borders[static_cast<std::size_t>(i)]; };
  const auto count = static_cast<std::int32_t>(borders.size()) - 1;
  for (std::int32_t i = 1; i <= count; ++i) at(i).next = std::exchange(at(at(i).parent).first_child, i);

  contour_set made;
  made.contours.reserve(static_cast<std::size_t>(count));
  made.points.reserve(points.size());
  std::vector<std::int32_t> places(borders.size(), -1);  // in the new order
  const auto place = [&places](std::int32_t i) -> std::int32_t& { return places[static_cast<std::size_t>(i)]; };
  for (std::int32_t i = at(0).first_child; i != 0;) {
    place(i) = static_cast<std::int32_t>(made.size());
    const auto first = static_cast<std::size_t>(at(i).begin);
    const auto last = i < count ? static_cast<std::size_t>(at(i + 1).begin) : points.size();
    const auto begin = static_cast<index_t>(made.points.size());
    const std::span<const pixel_point> own = points.subspan(first, last - first);
    made.points.insert(made.points.end(), own.begin(), own.end());
    made.contours.push_back({.begin = begin, .end = begin + std::ssize(own), .is_hole = at(i).is_hole});
    if (at(i).first_child != 0) {
      i = at(i).first_child;
    } else {
      while (i != 0 && at(i).next == 0) i = at(i).parent;
      if (i != 0) i = at(i).next;
    }
  }
  place(0) = -1;
  for (std::int32_t i = 1; i <= count; ++i) {
    contour& c = made.contours[static_cast<std::size_t>(place(i))];
    c.next = place(at(i).next);
    c.first_child = place(at(i).first_child);
    c.parent = place(at(i).parent);
    if (c.next >= 0) made.contours[static_cast<std::size_t>(c.next)].previous = place(i);
  }
  return made;
}

}  // namespace detail

/// The borders of a mask's 8-connected pieces and of the holes in them, by border following. Suzuki and Abe:
/// Topological structural analysis of digitized binary images by border following, CVGIP 30, 1985.
/// A border is a ring of inside pixels that have an outside one beside, above or below them: outer ones run against the
/// clock, those of holes with it, each from its first pixel in raster order. Equal to OpenCV's findContours with
/// CHAIN_APPROX_NONE, in the order of the contours, too: a contour before its children, and of children the last found
/// first.
///   mask  [1,H,W,1]; ≥ 128 is inside, what is beyond the picture is outside
/// Throws `error` on other shapes, or H·(W + 1) ≥ 2³¹ − 1.
inline contour_set find_contours(cpu_context& ctx, view<const std::uint8_t> mask,
                                 contour_retrieval retrieval = contour_retrieval::tree) {
  auto scratch = ctx.scratch().open();
  const auto bits = detail::bits_of_mask(ctx, scratch, "find_contours", mask);
  // Suzuki and Abe mark pixels. Here edges are marked, each of which belongs to one border alone: a border is first met
  // at an edge that has no mark yet, and nothing between edges needs to be looked at.
  std::int32_t* const marks = scratch.take<std::int32_t>(bits.edge_count + 1) + 1;
  std::fill_n(marks, bits.edge_count, 0);
  const detail::border_map map{bits.row_words, bits.bits, bits.edges, bits.edges_before, marks};
  // Each step along a border goes over an open side of its pixel, which no other step goes over.
  const index_t open_sides = bits.edge_count + detail::count_differences(ctx.isa(), bits.bits, bits.bits_of(0),
                                                                         (bits.height + 1) * bits.row_words);
  pixel_point* const points = scratch.take<pixel_point>(open_sides);
  pixel_point* end = points;

  std::vector<detail::found_border> borders(1);
  index_t edge = 0;
  for (index_t h = 0; h < bits.height; ++h) {
    const index_t first = edge;
    bits.for_each_edge(h, [&](std::int32_t x) {
      const index_t here = edge++;
      if (marks[here] != 0) return;
      const bool is_hole = here % 2 != 0;  // a row has as many edges into the mask as out of it
      // The border passed last in this row, before all the frame. The paper's last mark may be one between two edges,
      // but then it is of the same piece, so that the parent is the same.
      const std::int32_t beside = here == first ? 0 : marks[here - 1];
      if (retrieval == contour_retrieval::external && (is_hole || (here != first && beside == 0))) return;
      std::int32_t parent = 0;
      if (retrieval == contour_retrieval::tree || (retrieval == contour_retrieval::two_levels && is_hole)) {
        const detail::found_border& other = borders[static_cast<std::size_t>(beside)];
        parent = other.is_hole == is_hole ? other.parent : beside;
      }
      const auto number = static_cast<std::int32_t>(borders.size());
      borders.push_back({.begin = end - points, .parent = parent, .is_hole = is_hole});
      const pixel_point start{is_hole ? x - 1 : x, static_cast<std::int32_t>(h)};
      end = detail::follow_border(ctx.isa(), map, start, is_hole ? 0 : 4, number, end);
    });
  }
  return detail::arranged(std::move(borders), {points, static_cast<std::size_t>(end - points)});
}
/// The same on the calling thread, with a context of its own.
inline contour_set find_contours(view<const std::uint8_t> mask,
                                 contour_retrieval retrieval = contour_retrieval::tree) {
  cpu_context here;
  return find_contours(here, mask, retrieval);
}

}  // namespace lamina
