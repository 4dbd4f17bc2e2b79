// lamina::predict · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/predict/native_session.hpp>

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace lamina {

/// Networks of any models and sizes that predict together: the mean of their probabilities at the photograph's size.
/// One alone is an ensemble, too. It is const and must outlive its sessions, as a predictor must.
template <class T = float>
class ensemble {
 public:
  /// Throws as a predictor's constructor, and `error` when no file is named.
  explicit ensemble(std::span<const std::filesystem::path> weights) {
    require(!weights.empty(), "ensemble: no weights file is named");
    for (const auto& file : weights) members_.push_back(std::make_unique<const predictor<T>>(file));
  }

  const std::vector<std::unique_ptr<const predictor<T>>>& members() const { return members_; }
  /// The mean of the members' thresholds.
  float threshold() const {
    double sum = 0;
    for (const auto& m : members_) sum += static_cast<double>(m->settings().threshold);
    return static_cast<float>(sum / static_cast<double>(members_.size()));
  }
  /// Throws `file_error` that names both sizes unless all members see a photograph at the same size in the same way, so
  /// that there is a mean at that size.
  void require_one_size() const {
    const prediction_settings& first = members_.front()->settings();
    for (const auto& m : members_)
      if (const prediction_settings& s = m->settings();
          s.height != first.height || s.width != first.width || s.keep_aspect != first.keep_aspect)
        throw file_error(m->path(), to_text("sees photographs at ", s.width, "×", s.height,
                                            s.keep_aspect ? " framed" : "", ", ", members_.front()->path(), " at ",
                                            first.width, "×", first.height, first.keep_aspect ? " framed" : ""));
  }

 private:
  std::vector<std::unique_ptr<const predictor<T>>> members_;
};

struct ensemble_options {
  bool native = false;       // at the photograph's own resolution, not at the networks' sizes
  session_options network;   // of the members at their sizes
  native_options at_native;  // of the members at the photograph's
};

/// What an ensemble says of a photograph.
struct photo_prediction {
  tensor<float> probability;           // [1,H,W,1], of the photograph's size
  tensor<float> network_probability;   // of the networks' size, where they have one
  tensor<std::uint8_t> network_photo;  // the photograph as they saw it
  bool framed = false;                 // there its aspect is kept: it lies in the middle, `letterbox_placement`
  tensor<std::uint8_t> photo;          // at its own size, where it was read at that
};

/// One thread's way to predict with an ensemble. Members run one after another, at the photograph's resolution in one
/// block of memory.
template <class T>
class ensemble_session {
 public:
  ensemble_session(const ensemble<T>& trained, cpu_context& ctx, const ensemble_options& options)
      : ctx_(ctx), options_(options), framed_(trained.members().front()->settings().keep_aspect) {
    for (const auto& m : trained.members()) {
      if (options.native)
        native_.push_back(std::make_unique<native_session<T>>(*m, ctx, space_, options.at_native));
      else
        fitted_.push_back(std::make_unique<typename predictor<T>::session>(*m, ctx, options.network));
    }
  }
  ensemble_session(const ensemble_session&) = delete;
  ensemble_session& operator=(const ensemble_session&) = delete;

  /// Makes these photographs the ones to predict. At the networks' sizes they are read, and seen
  /// `session_options::batch` at a time. Throws `file_error` when one can't be read.
  void begin(std::span<const std::filesystem::path> photos) {
    photos_ = photos;
    said_.clear();
    for (const auto& session : fitted_) said_.push_back(session->at_network_size(photos));
  }
  /// What is said of photograph i of them; once for each. At the photograph's resolution it is read here.
  /// Throws `file_error` when it can't be, and as `native_session` does.
  photo_prediction finish(std::size_t i) {
    photo_prediction made;
    if (options_.native) {
      made.photo = read_image(photos_[i], {.channels = 3});
      const shape& e = made.photo.extents();
      made.probability = tensor<float>({1, e.h, e.w, 1});
      index_t times = 0;
      for (const auto& session : native_) session->plan(e.h, e.w);  // so that a lack of memory is told at once
      for (const auto& session : native_)
        times += session->add_probability(made.photo.view(), made.probability.view());
      scale(ctx_, 1 / static_cast<float>(times), made.probability.view());
      space_.release();
      return made;
    }
    const float share = 1 / static_cast<float>(fitted_.size());
    bool one_size = true;
    for (const auto& member : said_)
      one_size = one_size && member[i].probability.extents() == said_.front()[i].probability.extents();
    for (std::size_t k = 0; k < fitted_.size(); ++k) {
      network_prediction& said = said_[k][i];
      add_to(made.probability, fitted_[k]->enlarged(said));
      if (one_size) add_to(made.network_probability, std::move(said.probability));
    }
    if (fitted_.size() > 1) {
      scale(ctx_, share, made.probability.view());
      if (one_size) scale(ctx_, share, made.network_probability.view());
    }
    made.network_photo = std::move(said_.front()[i].seen);
    made.framed = framed_;
    return made;
  }

 private:
  void add_to(tensor<float>& sum, tensor<float> more) {
    if (sum.empty())
      sum = std::move(more);
    else
      add(ctx_, more.view(), sum.view());
  }

  cpu_context& ctx_;
  ensemble_options options_;
  bool framed_;
  workspace<cpu> space_;  // of all that predict at the photograph's resolution
  std::vector<std::unique_ptr<native_session<T>>> native_;
  std::vector<std::unique_ptr<typename predictor<T>::session>> fitted_;
  std::span<const std::filesystem::path> photos_;
  std::vector<std::vector<network_prediction>> said_;  // by member, then photograph
};

}  // namespace lamina
