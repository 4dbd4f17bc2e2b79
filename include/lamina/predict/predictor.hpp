// lamina::predict · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/program.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/resize.hpp>
#include <lamina/predict/network_input.hpp>
#include <lamina/predict/weights_file.hpp>

#include <filesystem>
#include <memory>

namespace lamina {

/// A trained network that finds lesions in photographs of any size. It is const: any number of threads may predict with
/// one, each through a session of its own. It must outlive its sessions and stay where it is.
///
///     const predictor<float> lesions("best.safetensors");
///     cpu_context ctx;
///     predictor<float>::session session(lesions, ctx);
///     write_png("mask.png", session.mask(read_image("photo.jpg", {.channels = 3}).view()));
///
/// T is what activations are stored in: float or bfloat16.
template <class T = float>
class predictor {
 public:
  /// Throws `file_error`: no weights file, of an unknown network, or of another one than it says.
  explicit predictor(const std::filesystem::path& weights) : predictor(weights_file::read(weights)) {}
  explicit predictor(const weights_file& file)
      : network_(read_network(file)),
        layout_(std::make_shared<const parameter_layout>(network_)),
        weights_(layout_),
        settings_(file.settings) {
    file.load(weights_);
  }
  predictor(const predictor&) = delete;
  predictor& operator=(const predictor&) = delete;

  const lamina::network<T>& network() const { return network_; }
  const prediction_settings& settings() const { return settings_; }

  /// One thread's way to predict: its context, and the memory that a prediction takes.
  class session {
   public:
    session(const predictor& trained, cpu_context& ctx)
        : trained_(trained),
          ctx_(ctx),
          program_(ctx, trained.network_, trained.layout_,
                   {1, trained.settings_.height, trained.settings_.width, trained.in_channels()}, run_mode::inference,
                   space_),
          input_({1, trained.settings_.height, trained.settings_.width, 3}, uninitialized),
          output_(program_.output_extents(), uninitialized) {}
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    /// The probability of lesion at each pixel of a photograph [1,H,W,3]: computed at the network's size, interpolated
    /// linearly to the photograph's. [1,H,W,1]. Throws `error` on another shape.
    tensor<float> probability(view<const std::uint8_t> photo) {
      const auto [N, H, W, C] = photo.extents();
      require(N == 1 && C == 3 && H > 0 && W > 0, "predictor: photo ", photo.extents(), " is not [1,H,W,3]");
      const auto [n, h, w, c] = input_.extents();
      const auto method = h <= H && w <= W ? interpolation::area : interpolation::linear;
      to_float(resized(photo, method, h, w), input_);
      normalize(input_, trained_.settings_.mean, trained_.settings_.deviation, input_);
      network_input(ctx_, as_const(input_.view()), program_.input());
      program_.forward(ctx_, trained_.weights_);
      logits_to_probabilities(ctx_, program_.output(), output_.view());
      return resized(as_const(output_.view()), interpolation::linear, H, W);
    }
    /// 255 where that probability reaches the threshold, else 0. [1,H,W,1].
    tensor<std::uint8_t> mask(view<const std::uint8_t> photo) { return threshold(probability(photo)); }
    tensor<std::uint8_t> threshold(const tensor<float>& probability) const {
      tensor<std::uint8_t> mask(probability.extents(), uninitialized);
      for (index_t i = 0; i < mask.size(); ++i) mask[i] = probability[i] >= trained_.settings_.threshold ? 255 : 0;
      return mask;
    }

   private:
    const predictor& trained_;
    cpu_context& ctx_;
    workspace<cpu> space_;
    program<T> program_;
    tensor<float> input_, output_;
  };

 private:
  static lamina::network<T> read_network(const weights_file& file) {
    try {
      return make_network<T>(file.network, true);
    } catch (const file_error&) {
      throw;
    } catch (const error& problem) {
      throw file_error(file.file.path(), problem.what());
    }
  }
  index_t in_channels() const { return std::stol(network_.description().at("in_channels")); }

  lamina::network<T> network_;
  std::shared_ptr<const parameter_layout> layout_;
  parameter_set<cpu> weights_;
  prediction_settings settings_;
};

}  // namespace lamina
