// lamina::predict · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/predict/predictor.hpp>
#include <lamina/predict/tiled_program.hpp>

#include <algorithm>
#include <memory>
#include <optional>

namespace lamina {

struct native_options {
  bool symmetries = false;            // as in session_options; eight where the photograph is a square, else four
  std::optional<index_t> tile = {};   // side of a tile's result; nothing: all at once, or what `memory` allows
  std::size_t memory = 0;             // of the whole process, a limit that the largest tiles are chosen by; 0: none
  std::size_t memory_in_use = 0;      // by the process before it reads a photograph
};

/// What a photograph of H × W pixels takes beside the network, bytes a pixel: itself, its probability and its mask.
inline constexpr index_t native_bytes_per_pixel = 3 + 4 + 1;
/// What may be taken when the network's memory has been given back, to make files of the result: the truth, 16-bit
/// samples and their PNG, labels of components. A mask of very many pieces, as of checks, can take more.
inline constexpr index_t writing_bytes_per_pixel = 9;

/// One thread's way to predict photographs at their own resolution, at once or tile by tile, with the same bits. Sides
/// that the network can't divide are padded by repeating the edge, in the middle of the frame, and the result is
/// cropped.
template <class T>
class native_session {
 public:
  /// `space` may serve several sessions, which take turns; `trained`, `ctx` and `space` must outlive this one.
  native_session(const predictor<T>& trained, cpu_context& ctx, workspace<cpu>& space, native_options options = {})
      : trained_(trained), ctx_(ctx), space_(space), options_(std::move(options)) {}
  native_session(const native_session&) = delete;
  native_session& operator=(const native_session&) = delete;

  /// The probability of lesion at each pixel.
  ///   photo  [1,H,W,3]; returns [1,H,W,1]
  /// Throws `file_error` that names the weights file when the network can't run at that size or in tiles, `error` on
  /// another shape, or, with the least figure that would do, when the limit of memory is too small.
  tensor<float> probability(view<const std::uint8_t> photo) {
    const shape& e = photo.extents();
    tensor<float> sum({1, e.h, e.w, 1});
    const index_t times = add_probability(photo, sum.view());
    if (times > 1) scale(ctx_, 1 / static_cast<float>(times), sum.view());
    return sum;
  }
  /// Adds what the network says of the photograph, seen through each symmetry, to `sum` [1,H,W,1]. Returns how often.
  index_t add_probability(view<const std::uint8_t> photo, view<float> sum) {
    const auto [N, H, W, C] = photo.extents();
    require(N == 1 && C == 3 && H > 0 && W > 0 && sum.extents() == shape{1, H, W, 1}, "native_session: photo ",
            photo.extents(), " and sum ", sum.extents(), " are not [1,H,W,3] and [1,H,W,1]");
    plan(H, W);
    const int symmetries = options_.symmetries ? symmetry_count(H, W) : 1;
    for (int i = 0; i < symmetries; ++i) add_seen(symmetric(photo, symmetry{i}), symmetric(sum, symmetry{i}));
    return symmetries;
  }

  /// Plans for photographs of this size, as predicting one does; throws as that does.
  void plan(index_t H, index_t W) {
    if (program_ && height_ == H && width_ == W) return;
    program_.reset();
    const shape x{1, H, W, trained_.network().in_channels()};
    const auto whole = trained_.blaming_file([&] { return whole_network<T>(trained_.logits(), x); });
    std::optional<index_t> side = options_.tile;
    if (options_.memory > 0 && !side) side = side_within_memory(whole, H, W);
    trained_.blaming_file([&] {
      program_.emplace(ctx_, trained_.logits(), trained_.weights().shared_layout(), whole, side, space_);
    });
    if (options_.memory > 0) require_memory(H, W, program_->plan());
    const shape& y = whole.output_extents();
    height_ = H, width_ = W;
    top_ = (H - y.h) / 2, left_ = (W - y.w) / 2;
  }
  /// Of what was planned last.
  const tiled_program<T>& program() const { return *program_; }

 private:
  /// Rows that are converted at a time, so that no float image of the photograph is made.
  static constexpr index_t band = 64;

  void add_seen(view<const std::uint8_t> photo, view<float> sum) {
    program_->forward(
        ctx_, trained_.weights(),
        [&](view<T> x, index_t row, index_t column) {
          const auto [n, h, w, c] = x.extents();
          tensor<float> normalised({1, std::min(band, h), w, 3}, uninitialized);
          for (index_t first = 0; first < h; first += band) {
            const index_t rows = std::min(band, h - first);
            const view<float> values = normalised.view().rectangle(0, 0, rows, w);
            to_float(ctx_, photo.rectangle(row + first, column, rows, w), values);
            normalize(ctx_, values, trained_.settings().mean, trained_.settings().deviation, values);
            network_input(ctx_, as_const(values), x.rectangle(first, 0, rows, w));
          }
        },
        [&](view<const T> y, index_t row, index_t column) {
          const auto [n, h, w, c] = y.extents();
          tensor<float> said({1, std::min(band, h), w, 1}, uninitialized);
          for (index_t first = 0; first < h; first += band) {
            const index_t rows = std::min(band, h - first);
            const view<float> values = said.view().rectangle(0, 0, rows, w);
            sigmoid_forward(ctx_, y.rectangle(first, 0, rows, w), values);
            add(ctx_, as_const(values), sum.rectangle(top_ + row + first, left_ + column, rows, w));
          }
        });
  }

  std::size_t beside_network(index_t H, index_t W) const {
    return options_.memory_in_use + static_cast<std::size_t>(H * W * native_bytes_per_pixel);
  }
  std::optional<index_t> side_within_memory(const whole_network<T>& whole, index_t H, index_t W) const {
    const std::size_t taken = beside_network(H, W);
    const tile_choice choice = trained_.blaming_file([&] {
      return largest_tile<T>(ctx_, trained_.logits(), trained_.weights().shared_layout(), whole,
                             options_.memory > taken ? options_.memory - taken : 0);
    });
    return choice.side;  // where none fits, the least, so that the complaint names the least figure
  }
  void require_memory(index_t H, index_t W, const memory_plan& plan) const {
    const auto written = static_cast<std::size_t>(H * W * writing_bytes_per_pixel);
    const std::size_t needed = beside_network(H, W) + std::max(plan.bytes(), plan.scratch_bytes + written);
    constexpr std::size_t million = 1000000;
    require(needed <= options_.memory, "a photograph of ", W, "×", H, " pixels takes at least ",
            (needed + million - 1) / million, "M of memory; the limit is ", options_.memory / million, "M");
  }

  const predictor<T>& trained_;
  cpu_context& ctx_;
  workspace<cpu>& space_;
  native_options options_;
  index_t height_ = 0, width_ = 0, top_ = 0, left_ = 0;  // of photographs, and where the result lies in them
  std::optional<tiled_program<T>> program_;
};

}  // namespace lamina
