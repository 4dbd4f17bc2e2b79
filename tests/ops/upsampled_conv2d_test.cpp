// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/upsampled_conv2d.hpp>

#include "../support/convolution.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

struct upsampled_case {
  shape x;
  index_t scale;
  shape w;
  conv2d_params params;
  shape large() const { return {x.n, x.h * scale, x.w * scale, x.c}; }
  shape y() const { return conv2d_output_shape(large(), w, params); }
};

const std::vector<upsampled_case> cases{
    {{1, 1, 1, 1}, 2, {1, 3, 3, 1}, {.padding = padding2d::same(3)}},
    {{2, 5, 7, 17}, 1, {9, 3, 3, 17}, {.padding = padding2d::same(3)}},
    {{1, 4, 5, 3}, 3, {17, 5, 2, 3}, {.padding = {3, 4, 2, 0}, .dilation = 2}},
    {{0, 4, 4, 3}, 2, {2, 3, 3, 3}, {}},
    // so large that they are cut into bands
    {{1, 151, 128, 70}, 2, {9, 3, 3, 70}, {.padding = padding2d::same(3)}},
    {{2, 67, 130, 32}, 2, {8, 3, 3, 8}, {.padding = padding2d::same(3), .groups = 4}},
    {{1, 93, 64, 64}, 3, {5, 3, 3, 64}, {}},
    {{1, 93, 64, 64}, 3, {64, 4, 3, 1}, {.padding = {9, 0, 2, 7}, .dilation = 3, .groups = 64}},
};

template <class T>
detail::upsampled_conv2d_bands bands_of(const upsampled_case& c, int workers) {
  return {c.x, c.w, {c.scale}, c.params, sizeof(T), workers, "upsampled_conv2d_forward"};
}

}  // namespace

TEST_CASE_TEMPLATE("upsampled_conv2d: the bits of an upsampling and a convolution, within the stated scratch memory", T,
                   float, bfloat16) {
  index_t most = 0;
  for_each_isa([&](cpu_context& serial) {
    for (const upsampled_case& c : cases)
      for (const int threads : {1, 2}) {
        CAPTURE(to_text(c.x, " ×", c.scale, " w ", c.w));
        CAPTURE(threads);
        thread_pool pool(threads);
        cpu_context ctx({.workers = &pool, .isa = serial.isa()});
        most = std::max(most, bands_of<T>(c, threads).count());
        sliced_tensor<T> x(c.x), y(c.y());
        fill_random(x.slice(), 1);
        const auto w = random_tensor<float>(c.w, 2), scale = random_tensor<float>(vector_shape(c.w.n), 3);
        const auto b = random_tensor<float>(scale.extents(), 4);
        conv2d_params params = c.params;
        params.activation_slope = 0.25f;

        tensor<T> large(c.large()), expected(c.y());
        upsample_nearest2d_forward(ctx, x.slice(), {c.scale}, large.view());
        conv2d_forward(ctx, large.view(), w, scale, b, params, expected.view());

        cpu_context fresh({.workers = &pool, .isa = serial.isa()});
        fresh.scratch().reserve(upsampled_conv2d_forward_scratch<T>(c.x, c.w, {c.scale}, params, ctx.isa(), threads));
        const std::size_t stated = fresh.scratch().capacity();
        upsampled_conv2d_forward(fresh, x.slice(), w, scale, b, {c.scale}, params, y.slice());
        CHECK(fresh.scratch().capacity() == stated);
        CHECK(same_bits<T>(as_const(y.slice()), expected.view()));
        CHECK(y.surroundings_untouched());
      }
  });
  CHECK(most > 2);
}

TEST_CASE("upsampled_conv2d: bands cover the result once and begin on tiles, and take far less than the whole") {
  const upsampled_case c{{1, 256, 256, 128}, 2, {64, 3, 3, 128}, {.padding = padding2d::same(3)}};
  const auto bands = bands_of<float>(c, 2);
  CHECK(bands.count() == 18);
  CHECK(bands.buffer_size() == 34 * 512 * 128);  // a band reads 32 rows, of which two are half a source row
  index_t covered = 0;
  for (index_t i = 0; i < bands.count(); ++i) {
    CHECK(bands[i].first == covered);
    CHECK(bands[i].first % 6 == 0);
    covered += bands[i].rows;
  }
  CHECK(covered == 512);
  CHECK(bands[0].params.padding.top == 1);
  CHECK(bands[0].params.padding.bottom == 0);
  CHECK(bands[17].params.padding.top == 0);
  CHECK(bands[17].params.padding.bottom == 1);
}

TEST_CASE("upsampled_conv2d: what it can't do, and wrong shapes, are refused before anything is written") {
  cpu_context ctx;
  tensor<float> x({1, 4, 4, 3}), w({2, 3, 3, 3}), y({1, 8, 8, 2}), three(vector_shape(3));
  const auto refused = [&](index_t scale, const conv2d_params& params, view<const float> b, const char* text) {
    check_error([&] { upsampled_conv2d_forward(ctx, x.view(), w, {}, b, {scale}, params, y.view()); }, text);
  };
  const conv2d_params same{.padding = padding2d::same(3)};
  refused(0, same, {}, "upsampled_conv2d_forward: scale 0 is not positive");
  refused(3, same, {}, "upsampled_conv2d_forward: y [1,8,8,2] should be [1,12,12,2]");
  refused(2, same, three, "upsampled_conv2d_forward: b [1,1,1,3] does not fit the 2 output channels of w [2,3,3,3]");
  refused(2, {.stride = 2, .padding = padding2d::same(3)}, {}, "upsampled_conv2d_forward: stride 2 is not 1");
  refused(2, {.padding = {3, 0, 0, 0}}, {},
          "padding top 3 left 0 bottom 0 right 0 is more than w [2,3,3,3] OHWI reaches with dilation 1");
}
