// SPDX-License-Identifier: Apache-2.0
// oneDNN's convolution, releases 2 and 3, in the layouts that it likes best.
#pragma once

#include "../support/conv_layer.hpp"

#include <dnnl.hpp>

#include <cstring>
#include <optional>
#include <unordered_map>

namespace lamina::benchmarks {

/// One pass of a convolution by oneDNN. Layouts are its own choice (`format_tag::any`), and bringing the tensors into
/// them is done once, beforehand; the filters are those of a training, whose transform is a part of each run, as it is
/// of ours. Forward has a bias, and the gradient of the weights is one of the bias, too.
class onednn_convolution {
 public:
  /// Nothing where this release has no such algorithm for this shape and processor.
  static std::optional<onednn_convolution> find(const conv_shape& c, conv_pass pass, dnnl::algorithm algorithm,
                                                const conv_tensors& tensors) {
    try {
      return onednn_convolution(c, pass, algorithm, tensors);
    } catch (const dnnl::error& e) {
      if (e.status != dnnl_unimplemented) throw;
      return std::nullopt;
    }
  }

  void run() {
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  }
  /// What the last run wrote, in our layout.
  tensor<float> result() { return unload(arguments_.at(result_), result_extents_); }
  /// What oneDNN calls the kernel.
  const std::string& kernel() const { return kernel_; }

 private:
  using memory = dnnl::memory;
  using forward = dnnl::convolution_forward;

  onednn_convolution(const conv_shape& c, conv_pass pass, dnnl::algorithm algorithm, const conv_tensors& t) {
    const auto any = [](memory::dims dims) {
      return memory::desc(std::move(dims), memory::data_type::f32, memory::format_tag::any);
    };
    const memory::desc x = any(nchw(c.x)), w = any(nchw(c.w)), y = any(nchw(c.y()));
    const memory::desc b({c.w.n}, memory::data_type::f32, memory::format_tag::a);
    const memory::dims strides{c.params.stride, c.params.stride};
    const auto [top, left, bottom, right] = c.params.padding;
    const memory::dims before{top, left}, after{bottom, right};
    const auto describe_forward = [&](dnnl::algorithm chosen) {
      return describe<forward>(dnnl::prop_kind::forward_training, chosen, x, w, b, y, strides, before, after);
    };
    if (pass == conv_pass::forward) {
      const auto found = describe_forward(algorithm);
      kernel_ = found.impl_info_str();
      primitive_ = forward(found);
      arguments_ = {{DNNL_ARG_SRC, load(t.x, found.src_desc())},
                    {DNNL_ARG_WEIGHTS, load(t.w, found.weights_desc())},
                    {DNNL_ARG_BIAS, filled(b, t.b)},
                    {DNNL_ARG_DST, memory(found.dst_desc(), engine_)}};
      result_ = DNNL_ARG_DST, result_extents_ = c.y();
      return;
    }
    const auto hint = describe_forward(dnnl::algorithm::convolution_auto);
    if (pass == conv_pass::data) {
      const auto found =
          describe_backward<dnnl::convolution_backward_data>(hint, algorithm, x, w, y, strides, before, after);
      kernel_ = found.impl_info_str();
      primitive_ = dnnl::convolution_backward_data(found);
      arguments_ = {{DNNL_ARG_DIFF_DST, load(t.y, found.diff_dst_desc())},
                    {DNNL_ARG_WEIGHTS, load(t.w, found.weights_desc())},
                    {DNNL_ARG_DIFF_SRC, memory(found.diff_src_desc(), engine_)}};
      result_ = DNNL_ARG_DIFF_SRC, result_extents_ = c.x;
    } else {
      const auto found =
          describe_backward<dnnl::convolution_backward_weights>(hint, algorithm, x, w, b, y, strides, before, after);
      kernel_ = found.impl_info_str();
      primitive_ = dnnl::convolution_backward_weights(found);
      arguments_ = {{DNNL_ARG_SRC, load(t.x, found.src_desc())},
                    {DNNL_ARG_DIFF_DST, load(t.y, found.diff_dst_desc())},
                    {DNNL_ARG_DIFF_WEIGHTS, memory(found.diff_weights_desc(), engine_)},
                    {DNNL_ARG_DIFF_BIAS, memory(b, engine_)}};
      result_ = DNNL_ARG_DIFF_WEIGHTS, result_extents_ = c.w;
    }
  }

  // Release 3 makes a primitive's description of what release 2 made a descriptor of.
  template <class Convolution, class... Parts>
  typename Convolution::primitive_desc describe(const Parts&... parts) const {
#if DNNL_VERSION_MAJOR >= 3
    return {engine_, parts...};
#else
    return {typename Convolution::desc(parts...), engine_};
#endif
  }
  template <class Convolution, class... Parts>
  typename Convolution::primitive_desc describe_backward(const forward::primitive_desc& hint,
                                                         const Parts&... parts) const {
#if DNNL_VERSION_MAJOR >= 3
    return {engine_, parts..., hint};
#else
    return {typename Convolution::desc(parts...), engine_, hint};
#endif
  }

  // oneDNN orders extents [N,C,H,W] and [O,I,KH,KW], whatever the layout: `acdb` is our NHWC and OHWI.
  static memory::dims nchw(shape s) { return {s.n, s.c, s.h, s.w}; }
  static memory::desc plain(shape s) {
    return {nchw(s), memory::data_type::f32, memory::format_tag::acdb};
  }

  memory filled(const memory::desc& layout, const tensor<float>& x) const {
    memory m(layout, engine_);
    float* const mapped = m.map_data<float>();
    std::memcpy(mapped, x.data(), x.bytes());
    m.unmap_data(mapped);
    return m;
  }
  memory load(const tensor<float>& x, const memory::desc& layout) {
    return reordered(filled(plain(x.extents()), x), memory(layout, engine_));
  }
  tensor<float> unload(const memory& from, shape extents) {
    tensor<float> x(extents);
    memory to = reordered(from, memory(plain(extents), engine_));
    float* const mapped = to.map_data<float>();
    std::memcpy(x.data(), mapped, x.bytes());
    to.unmap_data(mapped);
    return x;
  }
  memory reordered(memory from, memory to) {
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
    return to;
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::primitive primitive_;
  std::unordered_map<int, memory> arguments_;
  int result_ = 0;
  shape result_extents_;
  std::string kernel_;
};

}  // namespace lamina::benchmarks
