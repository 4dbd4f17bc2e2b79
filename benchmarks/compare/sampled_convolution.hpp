// SPDX-License-Identifier: Apache-2.0
// The judge of convolutions that are too large to be computed whole in double: some of their results.
#pragma once

#include "../support/conv_layer.hpp"

#include <cmath>
#include <vector>

namespace lamina::benchmarks {

/// Results of one pass at random places, in double.
class sampled_convolution {
 public:
  /// `t` holds what the pass reads, and for the gradient of the weights nothing that it would add to. About `count`
  /// results: those of the weights are all taps between some inputs and some outputs.
  sampled_convolution(const conv_shape& c, conv_pass pass, const conv_tensors& t, index_t count) {
    random_stream stream({.seed = 2, .purpose = random_purpose::test});
    const auto draw = [&](index_t below) {
      return static_cast<index_t>(stream.below(static_cast<std::uint32_t>(below)));
    };
    if (pass == conv_pass::weights) {
      sample_weights(c, t, count, draw);
      return;
    }
    const shape e = pass == conv_pass::forward ? c.y() : c.x;
    for (index_t i = 0; i < count; ++i) {
      const index_t n = draw(e.n), h = draw(e.h), w = draw(e.w), channel = draw(e.c);
      keep(((n * e.h + h) * e.w + w) * e.c + channel,
           pass == conv_pass::forward ? output(c, t, n, h, w, channel) : input_gradient(c, t, n, h, w, channel));
    }
  }

  /// √(Σ (result − exact)² / Σ exact²) over the sample.
  double relative_error(const tensor<float>& result) const {
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      difference += std::pow(static_cast<double>(result[places_[i]]) - values_[i], 2);
      norm += values_[i] * values_[i];
    }
    return std::sqrt(difference / norm);
  }

 private:
  void keep(index_t place, double value) {
    places_.push_back(place);
    values_.push_back(value);
  }

  static double output(const conv_shape& c, const conv_tensors& t, index_t n, index_t oy, index_t ox, index_t o) {
    double sum = static_cast<double>(t.b[o]);
    for (index_t ky = 0; ky < c.w.h; ++ky)
      for (index_t kx = 0; kx < c.w.w; ++kx) {
        const index_t iy = oy * c.params.stride - c.params.padding.top + ky;
        const index_t ix = ox * c.params.stride - c.params.padding.left + kx;
        if (iy < 0 || iy >= c.x.h || ix < 0 || ix >= c.x.w) continue;
        for (index_t i = 0; i < c.x.c; ++i)
          sum += static_cast<double>(t.x(n, iy, ix, i)) * static_cast<double>(t.w(o, ky, kx, i));
      }
    return sum;
  }

  static double input_gradient(const conv_shape& c, const conv_tensors& t, index_t n, index_t iy, index_t ix,
                               index_t i) {
    const shape y = c.y();
    double sum = 0;
    for (index_t ky = 0; ky < c.w.h; ++ky)
      for (index_t kx = 0; kx < c.w.w; ++kx) {
        const index_t row = iy + c.params.padding.top - ky, column = ix + c.params.padding.left - kx;
        if (row < 0 || row % c.params.stride != 0 || column < 0 || column % c.params.stride != 0) continue;
        const index_t oy = row / c.params.stride, ox = column / c.params.stride;
        if (oy >= y.h || ox >= y.w) continue;
        for (index_t o = 0; o < y.c; ++o)
          sum += static_cast<double>(t.y(n, oy, ox, o)) * static_cast<double>(t.w(o, ky, kx, i));
      }
    return sum;
  }

  /// Each result sums over all pixels, so that the few channels which take part are gathered first.
  template <class Draw>
  void sample_weights(const conv_shape& c, const conv_tensors& t, index_t count, const Draw& draw) {
    const index_t taps = c.w.h * c.w.w;
    const double pairs = static_cast<double>(count) / static_cast<double>(taps);
    const index_t chosen = std::min({static_cast<index_t>(std::ceil(std::sqrt(pairs))), c.x.c, c.w.n});
    std::vector<index_t> inputs, outputs;
    for (index_t i = 0; i < chosen; ++i) inputs.push_back(draw(c.x.c)), outputs.push_back(draw(c.w.n));
    const tensor<double> x = gathered(t.x, inputs), dy = gathered(t.y, outputs);
    const auto [N, OH, OW, O] = dy.extents();
    for (index_t ky = 0; ky < c.w.h; ++ky)
      for (index_t kx = 0; kx < c.w.w; ++kx) {
        tensor<double> sums({1, 1, chosen, chosen});
        for (index_t n = 0; n < N; ++n)
          for (index_t oy = 0; oy < OH; ++oy)
            for (index_t ox = 0; ox < OW; ++ox) {
              const index_t iy = oy * c.params.stride - c.params.padding.top + ky;
              const index_t ix = ox * c.params.stride - c.params.padding.left + kx;
              if (iy < 0 || iy >= c.x.h || ix < 0 || ix >= c.x.w) continue;
              for (index_t o = 0; o < chosen; ++o)
                for (index_t i = 0; i < chosen; ++i) sums(0, 0, o, i) += dy(n, oy, ox, o) * x(n, iy, ix, i);
            }
        for (std::size_t o = 0; o < outputs.size(); ++o)
          for (std::size_t i = 0; i < inputs.size(); ++i)
            keep(((outputs[o] * c.w.h + ky) * c.w.w + kx) * c.w.c + inputs[i],
                 sums(0, 0, static_cast<index_t>(o), static_cast<index_t>(i)));
      }
  }

  static tensor<double> gathered(const tensor<float>& x, const std::vector<index_t>& channels) {
    const auto [N, H, W, C] = x.extents();
    tensor<double> y({N, H, W, static_cast<index_t>(channels.size())});
    double* next = y.data();
    for (index_t pixel = 0; pixel < N * H * W; ++pixel)
      for (const index_t channel : channels) *next++ = static_cast<double>(x[pixel * C + channel]);
    return y;
  }

  std::vector<index_t> places_;
  std::vector<double> values_;
};

}  // namespace lamina::benchmarks
