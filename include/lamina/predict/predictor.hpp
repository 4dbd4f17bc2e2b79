// lamina::predict · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/program.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/fit.hpp>
#include <lamina/image/letterbox.hpp>
#include <lamina/image/symmetry.hpp>
#include <lamina/ops/copy.hpp>
#include <lamina/ops/elementwise.hpp>
#include <lamina/ops/pad2d.hpp>
#include <lamina/ops/sigmoid.hpp>
#include <lamina/predict/lesion_logits.hpp>
#include <lamina/predict/network_input.hpp>
#include <lamina/predict/weights_file.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lamina {

/// 255 where the probability of lesion reaches the threshold, else 0.
///   probability  any shape
inline tensor<std::uint8_t> lesion_mask(cpu_context& ctx, const tensor<float>& probability, float threshold) {
  tensor<std::uint8_t> mask(probability.extents(), uninitialized);
  for_each_run(
      ctx,
      [threshold](run_extents run, pixel_run<const float> p, pixel_run<std::uint8_t> to) {
        for (index_t i = 0; i < run.pixels; ++i)
          for (index_t c = 0; c < run.channels; ++c) to[i][c] = p[i][c] >= threshold ? 255 : 0;
      },
      probability.view(), mask.view());
  return mask;
}

struct session_options {
  /// Test-time augmentation: the mean of what the network says of the photograph seen through each symmetry of its
  /// rectangle, eight where the network's height and width are the same, else four. As many times the work.
  bool symmetries = false;
  /// Photographs that the network sees at a time, at most. Their results are the same bits as one by one.
  index_t batch = 1;
};

/// What a network says of a photograph, at the network's size.
struct network_prediction {
  tensor<float> probability;   // [1,h,w,1]
  tensor<std::uint8_t> seen;   // the photograph at that size, stretched or framed
  index_t height, width;       // of the photograph
};

/// A trained network that finds lesions in photographs of any size. It is const: any number of threads may predict with
/// one, each through a session of its own. It must outlive its sessions and stay where it is.
///
///     const predictor<float> lesions("best.safetensors");
///     cpu_context ctx;
///     predictor<float>::session session(lesions, ctx);
///     write_png("mask.png", session.mask("photo.jpg"));
///
/// T is what activations are stored in: float or bfloat16.
template <class T = float>
class predictor {
 public:
  /// Throws `file_error`: no weights file, of an unknown network, of another one than it says, or of one that does not
  /// fit into memory.
  explicit predictor(const std::filesystem::path& weights) : predictor(weights_file::read(weights)) {}
  explicit predictor(const weights_file& file)
      : path_(file.file.path()),
        network_(blaming_file([&] { return make_network<T>(file.network, true); })),
        logits_(blaming_file([&] { return lesion_logits<T>(network_); })),
        layout_(std::make_shared<const parameter_layout>(network_)),
        weights_(blaming_file([&] {
          file.check(*layout_);  // before memory is taken for what the file merely claims
          return parameter_set<cpu>(layout_);
        })),
        settings_(file.settings) {
    blaming_file([&] {
      const index_t C = network_.in_channels();
      require(C == 3 || C == 1, "a network of ", C, " input channels; photographs have 3, or 1 when grey");
    });
    file.load(weights_);
  }
  predictor(const predictor&) = delete;
  predictor& operator=(const predictor&) = delete;

  const lamina::network<T>& network() const { return network_; }
  const prediction_settings& settings() const { return settings_; }
  /// What programs are made of: the network with one logit of lesion a pixel, and its weights.
  const lesion_logits<T>& logits() const { return logits_; }
  const parameter_set<cpu>& weights() const { return weights_; }
  /// The weights file.
  const std::string& path() const { return path_; }

  class session;

  /// Calls body(); what goes wrong in it is the weights file's fault.
  template <class Body>
  auto blaming_file(Body&& body) const {
    try {
      return body();
    } catch (const file_error&) {
      throw;
    } catch (const error& problem) {
      throw file_error(path_, problem.what());
    } catch (const std::bad_alloc&) {
      throw file_error(path_, "there is not enough memory for the network that it describes");
    }
  }

 private:
  std::string path_;
  lamina::network<T> network_;
  lesion_logits<T> logits_;
  std::shared_ptr<const parameter_layout> layout_;
  parameter_set<cpu> weights_;
  prediction_settings settings_;
};

/// One thread's way to predict: its context, and the memory that a prediction takes.
template <class T>
class predictor<T>::session {
 public:
  /// Throws `file_error` that names the weights file when the network can't run at the size that the file says, or
  /// there is not the memory for it.
  session(const predictor& trained, cpu_context& ctx, const session_options& options = {})
      : trained_(trained),
        ctx_(ctx),
        symmetries_(options.symmetries ? symmetry_count(trained.settings_.height, trained.settings_.width) : 1),
        batch_(options.batch) {
    require(batch_ > 0, "predictor: ", batch_, " photographs at a time");
    trained.blaming_file([&] {
      space_.reserve(program_for(batch_).plan().block_bytes);
      input_ = tensor<float>({batch_, trained.settings_.height, trained.settings_.width, 3}, uninitialized);
    });
  }
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// The probability of lesion at each pixel of the photograph in a file: computed at the network's size from the
  /// pixels that validation would see, interpolated linearly to the photograph's. [1,H,W,1]. A network without
  /// padding says nothing of the margin, which has probability 0.
  /// Throws `file_error` when the file can't be read.
  tensor<float> probability(const std::filesystem::path& photo) {
    return enlarged(at_network_size(std::span(&photo, 1)).front());
  }
  /// The same of a photograph in memory, [1,H,W,3]; of a JPEG that was decoded at its full size the result may differ
  /// by a little. Throws `error` on another shape.
  tensor<float> probability(view<const std::uint8_t> photo) {
    const auto [N, H, W, C] = photo.extents();
    require(N == 1 && C == 3 && H > 0 && W > 0, "predictor: photo ", photo.extents(), " is not [1,H,W,3]");
    take(0, fitted(photo));
    return enlarged({std::move(run(1).front()), {}, H, W});
  }
  /// 255 where that probability reaches the threshold, else 0. [1,H,W,1].
  tensor<std::uint8_t> mask(const std::filesystem::path& photo) { return thresholded(probability(photo)); }
  tensor<std::uint8_t> mask(view<const std::uint8_t> photo) { return thresholded(probability(photo)); }

  /// The probability at the network's size of each photograph, in their order; the network sees
  /// `session_options::batch` of them at a time. Where the aspect is kept, that of the frame around, too.
  /// Throws `file_error` when a file can't be read.
  std::vector<network_prediction> at_network_size(std::span<const std::filesystem::path> photos) {
    std::vector<network_prediction> all;
    while (all.size() < photos.size()) {
      const std::size_t first = all.size(), count = std::min(photos.size() - first, static_cast<std::size_t>(batch_));
      for (std::size_t i = 0; i < count; ++i) {
        const std::filesystem::path& photo = photos[first + i];
        if (trained_.settings_.keep_aspect) {
          const tensor<std::uint8_t> image = read_image(photo, {.channels = 3});
          all.push_back({{}, fitted(image.view()), image.extents().h, image.extents().w});
        } else {
          const image_info info = probe_image(photo);
          all.push_back(
              {{},
               read_fitted_image(photo, trained_.settings_.height, trained_.settings_.width, resampling()),
               info.height,
               info.width});
        }
        take(static_cast<index_t>(i), all.back().seen);
      }
      std::vector<tensor<float>> said = run(static_cast<index_t>(count));
      for (std::size_t i = 0; i < count; ++i) all[first + i].probability = std::move(said[i]);
    }
    return all;
  }
  /// Such a probability at the photograph's size, interpolated linearly. [1,H,W,1].
  tensor<float> enlarged(const network_prediction& said) {
    view<const float> shown = said.probability.view();
    if (trained_.settings_.keep_aspect)
      shown = letterbox_placement({said.width, said.height}, {shown.extents().w, shown.extents().h}).part(shown);
    return resized(ctx_, shown, interpolation::linear, said.height, said.width);
  }

 private:
  /// Nothing where the size decides.
  std::optional<interpolation> resampling() const { return interpolation_named(trained_.settings_.resampling); }
  /// A photograph at the network's size, stretched or framed.
  tensor<std::uint8_t> fitted(view<const std::uint8_t> photo) {
    const auto [N, H, W, C] = photo.extents();
    const index_t h = trained_.settings_.height, w = trained_.settings_.width;
    if (trained_.settings_.keep_aspect)
      return letterboxed(ctx_, photo, {w, h}, *resampling(), trained_.settings_.around);
    return resized(ctx_, photo, fitting_interpolation(H, W, h, w, resampling()), h, w);
  }
  /// Makes such a photograph the input's image i.
  void take(index_t i, const tensor<std::uint8_t>& photo) {
    const view<float> x = input_.view().images(i);
    to_float(photo.view(), x);
    normalize(x, trained_.settings_.mean, trained_.settings_.deviation, x);
  }
  program<T>& program_for(index_t images) {
    auto found = programs_.find(images);
    if (found == programs_.end())
      found = programs_
                  .emplace(images, program<T>(ctx_, trained_.logits_, trained_.layout_,
                                              {images, trained_.settings_.height, trained_.settings_.width,
                                               trained_.network_.in_channels()},
                                              run_mode::inference, space_))
                  .first;
    return found->second;
  }

  /// What the network says of the input's first images.
  std::vector<tensor<float>> run(index_t images) {
    std::vector<tensor<float>> mean;
    for (int i = 0; i < symmetries_; ++i) {
      tensor<float> said = seen_through(symmetry{i}, images);
      const view<float> back = from_symmetric(said.view(), symmetry{i});
      for (index_t n = 0; n < images; ++n) {
        const shape e = back.extents();
        if (i == 0) mean.emplace_back(shape{1, e.h, e.w, 1});
        add(ctx_, as_const(back.images(n)), mean[static_cast<std::size_t>(n)].view());
      }
    }
    for (tensor<float>& p : mean)
      if (symmetries_ > 1) scale(ctx_, 1 / static_cast<float>(symmetries_), p.view());
    return mean;
  }
  /// What it says of them seen through s; a network without padding says it of the middle only, and nothing of the
  /// frame around.
  tensor<float> seen_through(symmetry s, index_t images) {
    program<T>& network = program_for(images);
    network_input(ctx_, symmetric(as_const(input_.view().images(0, images)), s), network.input());
    network.forward(ctx_, trained_.weights_);
    const auto [n, h, w, c] = network.output_extents();
    tensor<float> said({n, h, w, c}, uninitialized);
    sigmoid_forward(ctx_, network.output(), said.view());
    const index_t H = input_.extents().h, W = input_.extents().w;
    if (h == H && w == W) return said;
    tensor<float> framed({n, H, W, c}, uninitialized);
    pad2d_forward(ctx_, as_const(said.view()), {.top = (H - h) / 2, .left = (W - w) / 2}, framed.view());
    return framed;
  }
  tensor<std::uint8_t> thresholded(const tensor<float>& probability) {
    return lesion_mask(ctx_, probability, trained_.settings_.threshold);
  }

  const predictor& trained_;
  cpu_context& ctx_;
  int symmetries_;
  index_t batch_;
  workspace<cpu> space_;
  std::map<index_t, program<T>> programs_;  // by the number of images; they take turns in the workspace
  tensor<float> input_;                     // normalised photographs
};

}  // namespace lamina
