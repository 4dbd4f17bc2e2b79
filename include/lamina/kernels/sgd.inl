// Included once per instruction set by simd/foreach_isa.hpp.

inline void sgd_step(run_extents extents, pixel_run<const float> gradient, const sgd_params& params,
                     pixel_run<float> weights, pixel_run<float> velocity) {
  const vf decay = vf::set(params.weight_decay), momentum = vf::set(params.momentum);
  const vf rate = vf::set(-params.learning_rate);
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t left = extents.channels - c;
      const vf w = load_up_to(weights[p] + c, left);
      const vf g = fma(decay, w, load_up_to(gradient[p] + c, left));
      const vf u = fma(momentum, load_up_to(velocity[p] + c, left), g);
      store_up_to(velocity[p] + c, left, u);
      store_up_to(weights[p] + c, left, fma(rate, params.nesterov ? fma(momentum, u, g) : u, w));
    }
  }
}
