// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// The losses for one-channel logits as one value type, so that a trainer can be told which by name.
#pragma once

#include <lamina/ops/bce.hpp>
#include <lamina/ops/bce_dice.hpp>
#include <lamina/ops/bce_with_logits.hpp>
#include <lamina/ops/dice.hpp>
#include <lamina/ops/focal.hpp>
#include <lamina/ops/jaccard.hpp>
#include <lamina/ops/lovasz_hinge.hpp>
#include <lamina/ops/tversky.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace lamina {

/// Any loss with its parameters.
using loss = std::variant<bce_with_logits_params, bce_params, dice_params, bce_dice_params, focal_params,
                          tversky_params, jaccard_params, lovasz_hinge_params>;

inline constexpr std::array<std::pair<std::string_view, loss>, 9> known_losses{{
    {"bce", bce_with_logits_params{}},
    {"bce_original", bce_params{}},
    {"dice", dice_params{}},
    {"dice_original", original_dice},
    {"bce_dice", bce_dice_params{}},
    {"focal", focal_params{}},
    {"tversky", tversky_params{}},
    {"jaccard", jaccard_params{}},
    {"lovasz", lovasz_hinge_params{}},
}};

/// The loss called `name`, with its default parameters. Throws `error` with all names for an unknown one.
inline loss loss_from_name(std::string_view name) {
  std::string names;
  for (const auto& [known, value] : known_losses) {
    if (known == name) return value;
    names += (names.empty() ? "" : ", ") + std::string(known);
  }
  fail("loss '", name, "' is unknown; expected one of ", names);
}

namespace detail {

template <class T>
struct loss_forward_pass {
  cpu_context& ctx;
  view<const T> logits;
  view<const float> target;

  double operator()(const bce_with_logits_params& p) { return bce_with_logits_forward(ctx, logits, target, p); }
  double operator()(const bce_params& p) { return bce_forward(ctx, logits, target, p); }
  double operator()(const dice_params& p) { return dice_forward(ctx, logits, target, p); }
  double operator()(const bce_dice_params& p) { return bce_dice_forward(ctx, logits, target, p); }
  double operator()(const focal_params& p) { return focal_forward(ctx, logits, target, p); }
  double operator()(const tversky_params& p) { return tversky_forward(ctx, logits, target, p); }
  double operator()(const jaccard_params& p) { return jaccard_forward(ctx, logits, target, p); }
  double operator()(const lovasz_hinge_params& p) { return lovasz_hinge_forward(ctx, logits, target, p); }
};

/// Both passes, as one where the loss has that.
template <class T>
struct loss_forward_backward_pass {
  cpu_context& ctx;
  view<const T> logits;
  view<const float> target;
  view<T> dlogits;

  double operator()(const bce_with_logits_params& p) {
    return bce_with_logits_forward_backward(ctx, logits, target, p, dlogits);
  }
  double operator()(const dice_params& p) { return dice_forward_backward(ctx, logits, target, p, dlogits); }
  double operator()(const bce_dice_params& p) { return bce_dice_forward_backward(ctx, logits, target, p, dlogits); }
  double operator()(const tversky_params& p) { return tversky_forward_backward(ctx, logits, target, p, dlogits); }
  double operator()(const jaccard_params& p) { return jaccard_forward_backward(ctx, logits, target, p, dlogits); }
  double operator()(const bce_params& p) {
    bce_backward(ctx, logits, target, p, dlogits);
    return bce_forward(ctx, logits, target, p);
  }
  double operator()(const focal_params& p) {
    focal_backward(ctx, logits, target, p, dlogits);
    return focal_forward(ctx, logits, target, p);
  }
  double operator()(const lovasz_hinge_params& p) {
    lovasz_hinge_backward(ctx, logits, target, p, dlogits);
    return lovasz_hinge_forward(ctx, logits, target, p);
  }
};

inline void require_on_logits(const loss& which) {
  const bool probabilities = std::visit(
      [](const auto& params) {
        if constexpr (requires { params.input; }) return params.input == prediction_kind::probabilities;
        return false;
      },
      which);
  require(!probabilities, "loss_forward: the loss must be one on logits, not on probabilities");
}

}  // namespace detail

/// The value of the loss.
///   logits  [N,H,W,1]
///   target  [N,H,W,1], in [0,1]
/// Throws `error` as the loss does, and for parameters that ask for probabilities.
template <class T>
double loss_forward(cpu_context& ctx, view<const T> logits, view<const float> target, const loss& which) {
  detail::require_on_logits(which);
  return std::visit(detail::loss_forward_pass<T>{ctx, logits, target}, which);
}

/// The value of the loss and its gradient with respect to the logits.
///   logits, target as above; dlogits [N,H,W,1], not logits
/// Returns the value, assigns dlogits. Throws as `loss_forward` does.
template <class T>
double loss_forward_backward(cpu_context& ctx, std::type_identity_t<view<const T>> logits, view<const float> target,
                             const loss& which, view<T> dlogits) {
  detail::require_on_logits(which);
  return std::visit(detail::loss_forward_backward_pass<T>{ctx, logits, target, dlogits}, which);
}

}  // namespace lamina
