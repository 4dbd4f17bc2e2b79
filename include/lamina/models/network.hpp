// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/models/segnet.hpp>
#include <lamina/models/unet.hpp>

#include <charconv>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace lamina {

/// A network's name and options as text: what a weights file keeps of it.
using network_description = std::map<std::string, std::string>;

namespace detail {

inline std::string option_to_text(index_t v) { return std::to_string(v); }
inline std::string option_to_text(bool v) { return v ? "true" : "false"; }
/// The shortest text that reads back as the same float.
inline std::string option_to_text(float v) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, v).ptr};
}
inline std::string option_to_text(unet_upsampling v) {
  return v == unet_upsampling::nearest ? "nearest" : v == unet_upsampling::bilinear ? "bilinear" : "transposed";
}
inline std::string option_to_text(initializer v) { return v == initializer::he ? "he" : "glorot"; }

[[noreturn]] inline void fail_option(const std::string& name, const std::string& text) {
  fail("network description: ", name, " = '", text, "' is not a value of that option");
}
template <class Number>
  requires(std::is_same_v<Number, index_t> || std::is_same_v<Number, float>)
void option_from_text(const std::string& name, const std::string& text, Number& v) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (failure != std::errc() || end != text.data() + text.size()) fail_option(name, text);
}
inline void option_from_text(const std::string& name, const std::string& text, bool& v) {
  if (text != "true" && text != "false") fail_option(name, text);
  v = text == "true";
}
inline void option_from_text(const std::string& name, const std::string& text, unet_upsampling& v) {
  for (const auto way : {unet_upsampling::nearest, unet_upsampling::bilinear, unet_upsampling::transposed})
    if (option_to_text(way) == text) return void(v = way);
  fail_option(name, text);
}
inline void option_from_text(const std::string& name, const std::string& text, initializer& v) {
  for (const auto way : {initializer::glorot, initializer::he})
    if (option_to_text(way) == text) return void(v = way);
  fail_option(name, text);
}

template <class Field>
void for_each_option(block_options& o, Field&& field) {
  field("batch_norm", o.batch_norm);
  field("batch_norm_epsilon", o.norm.epsilon);
  field("batch_norm_momentum", o.norm.momentum);
  field("batch_norm_unbiased_running_variance", o.norm.unbiased_running_variance);
  field("activation_slope", o.activation_slope);
  field("same_padding", o.same_padding);
  field("initializer", o.start);
}
template <class Field>
void for_each_option(unet_options& o, Field&& field) {
  field("in_channels", o.in_channels);
  field("classes", o.classes);
  field("base_width", o.base_width);
  field("depth", o.depth);
  field("bottleneck", o.bottleneck);
  field("upsampling", o.upsampling);
  field("skip_first", o.skip_first);
  for_each_option(o.blocks, field);
}
template <class Field>
void for_each_option(segnet_options& o, Field&& field) {
  field("in_channels", o.in_channels);
  field("classes", o.classes);
  field("base_width", o.base_width);
  field("unpool_with_indices", o.unpool_with_indices);
  for_each_option(o.blocks, field);
}

}  // namespace detail

/// A network whose architecture is chosen at run time: by a command line, by a weights file. Holds any struct of layers
/// with `options()` and `size_multiple()`.
template <class T, class Device = cpu>
class network {
 public:
  /// Takes a network and keeps it in one place. `pad`: sizes that the network can't divide are padded by repeating the
  /// edge, and the result is cropped.
  template <class Model>
  network(Model model, network_description description, bool pad = false)
      : description_(std::move(description)), pad_(pad) {
    const auto kept = std::make_shared<const Model>(std::move(model));
    forward_ = [kept](tape<T, Device>& t, variable x) { return (*kept)(t, x); };
    visit_ = [kept](const parameter_body& body) { for_each_parameter(*kept, body); };
    multiple_ = kept->size_multiple();
    in_channels_ = kept->options().in_channels;
    classes_ = kept->options().classes;
  }

  variable operator()(tape<T, Device>& t, variable x) const {
    const shape e = t.extents(x);
    const index_t H = round_up(e.h, multiple_), W = round_up(e.w, multiple_);
    if (!pad_ || (H == e.h && W == e.w)) return forward_(t, x);
    const index_t top = (H - e.h) / 2, left = (W - e.w) / 2;
    const variable y = forward_(t, pad2d(t, x, {.top = top, .left = left, .border = pad_border::replicate}, H, W));
    return pad2d(t, y, {.top = -top, .left = -left}, e.h, e.w);
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visit_([&](const std::string& name, const parameter& p) { visitor(name, p); });
  }

  const network_description& description() const { return description_; }
  const std::string& name() const { return description_.at("model"); }
  index_t in_channels() const { return in_channels_; }
  /// Logits per pixel.
  index_t classes() const { return classes_; }
  index_t size_multiple() const { return multiple_; }
  bool pads() const { return pad_; }

 private:
  using parameter_body = std::function<void(const std::string&, const parameter&)>;

  network_description description_;
  bool pad_;
  std::function<variable(tape<T, Device>&, variable)> forward_;
  std::function<void(const parameter_body&)> visit_;
  index_t multiple_ = 1, in_channels_ = 0, classes_ = 0;
};

/// The name and every option as text.
template <class Options>
network_description describe(const std::string& name, Options options) {
  network_description text{{"model", name}};
  detail::for_each_option(options,
                          [&](const char* option, auto& value) { text[option] = detail::option_to_text(value); });
  return text;
}

/// The network that a description names: unet, segnet, or segnet_bn (SegNet with batch norm). Options that are absent
/// keep their defaults. Throws `error` for an unknown model, option or value.
template <class T, class Device = cpu>
network<T, Device> make_network(const network_description& text, bool pad = false) {
  const auto model = text.find("model");
  require(model != text.end(), "network description: no model is named");
  const auto make = [&]<template <class, class> class Model>(auto options) {
    network_description unknown = text;
    unknown.erase("model");
    detail::for_each_option(options, [&](const char* option, auto& value) {
      if (const auto given = unknown.extract(option)) detail::option_from_text(option, given.mapped(), value);
    });
    if (!unknown.empty())
      fail("network description: option '", unknown.begin()->first, "' = '", unknown.begin()->second,
           "' is not one of ", model->second, "'s");
    return network<T, Device>(Model<T, Device>(options), describe(model->second, options), pad);
  };
  if (model->second == "unet") return make.template operator()<unet>(unet_options{});
  if (model->second == "segnet") return make.template operator()<segnet>(segnet_options{});
  if (model->second == "segnet_bn")
    return make.template operator()<segnet>(segnet_options{.blocks = {.batch_norm = true}});
  fail("network description: model '", model->second, "' is unknown; expected unet, segnet or segnet_bn");
}

}  // namespace lamina
