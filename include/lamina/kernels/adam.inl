// Included once per instruction set by simd/foreach_isa.hpp.

inline void adam_step(run_extents extents, pixel_run<const float> gradient, const adam_constants& k,
                      pixel_run<float> weights, pixel_run<float> m, pixel_run<float> v) {
  const vf keep1 = vf::set(k.beta1), take1 = vf::set(1 - k.beta1), keep2 = vf::set(k.beta2),
           take2 = vf::set(1 - k.beta2);
  const vf added_decay = vf::set(k.added_decay), shrink = vf::set(k.shrink), rate = vf::set(k.rate);
  const vf unbias2 = vf::set(k.unbias2), inside = vf::set(k.epsilon_inside), outside = vf::set(k.epsilon_outside);
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t left = extents.channels - c;
      const vf w = load_up_to(weights[p] + c, left);
      const vf g = fma(added_decay, w, load_up_to(gradient[p] + c, left));
      const vf first = fma(take1, g, keep1 * load_up_to(m[p] + c, left));
      const vf second = fma(take2 * g, g, keep2 * load_up_to(v[p] + c, left));
      const vf root = sqrt(fma(second, unbias2, inside)) + outside;
      store_up_to(m[p] + c, left, first);
      store_up_to(v[p] + c, left, second);
      store_up_to(weights[p] + c, left, shrink * w - rate * first / root);
    }
  }
}
