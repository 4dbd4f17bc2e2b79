// lamina::augment · SPDX-License-Identifier: Apache-2.0
// What the warps share: how pixels between pixels are found, and what lies beyond the edge. Each has the members
// interp, border_type, border_value and gt_interp; the last is the mask's, which has 0 beyond a constant border.
#pragma once

#include <lamina/augment/field.hpp>
#include <lamina/image/sample.hpp>

namespace lamina::augment {

/// The four parameters, in the order of the program form.
template <class Self, class Field>
void sampling_fields(Self& self, Field&& field) {
  field("interp", self.interp, optional);
  field("border_type", self.border_type, optional);
  field("border_value", self.border_value, optional);
  field("gt_interp", self.gt_interp, optional);
}

template <class Warp>
sampling image_sampling(const Warp& w) {
  return {w.interp, w.border_type, w.border_value};
}
template <class Warp>
sampling mask_sampling(const Warp& w) {
  return {w.gt_interp, w.border_type, 0};
}

}  // namespace lamina::augment
