// SPDX-License-Identifier: Apache-2.0
// A network that runs tile by tile has the bits of one that runs on the whole image.
#include <lamina/graph/average_pool2d.hpp>
#include <lamina/graph/dropout.hpp>
#include <lamina/layers/group_norm.hpp>
#include <lamina/predict/lesion_logits.hpp>
#include <lamina/predict/tiled_program.hpp>

#include "../support/residual_segmenter.hpp"
#include "../support/tensors.hpp"

#include <string>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Weights, and running statistics that are no start values, so that a normalisation shifts what it sees.
parameter_set<cpu> random_weights(const std::shared_ptr<const parameter_layout>& layout) {
  parameter_set<cpu> weights(layout);
  initialize(weights, 3);
  fill_random(weights.all().channels(layout->trainable_size(), layout->size() - layout->trainable_size()), 4, 0.2, 0.9);
  return weights;
}

template <class T>
struct result {
  tensor<T> y;
  index_t tiles;
};

/// What a network says of a random image, cut or not.
template <class T, class Network>
result<T> run(cpu_context& ctx, const Network& net, shape extents, std::optional<index_t> side) {
  const auto layout = std::make_shared<const parameter_layout>(net);
  const parameter_set<cpu> weights = random_weights(layout);
  const tensor<T> x = random_tensor<T>(extents, 1);
  const whole_network<T> whole(net, extents);
  workspace<cpu> space;
  tiled_program<T> program(ctx, net, layout, whole, side, space);
  result<T> r{poisoned_tensor<T>(whole.output_extents()), program.tiles()};
  program.forward(
      ctx, weights,
      [&](view<T> part, index_t row, index_t column) {
        copy_elements<T>(x.view().rectangle(row, column, part.extents().h, part.extents().w), part);
      },
      [&](view<const T> part, index_t row, index_t column) {
        copy_elements<T>(part, r.y.view().rectangle(row, column, part.extents().h, part.extents().w));
      });
  return r;
}

/// Fails the test unless each side of a tile gives the bits of the whole, on every instruction set. One side at least
/// must cut the image.
template <class T, class Network>
void check_tiles(const Network& net, shape extents, std::initializer_list<index_t> sides) {
  for_each_isa([&](cpu_context& ctx) {
    const result<T> whole = run<T>(ctx, net, extents, std::nullopt);
    CHECK(whole.tiles == 1);
    index_t most = 0;
    for (const index_t side : sides) {
      CAPTURE(side);
      const result<T> tiled = run<T>(ctx, net, extents, side);
      CHECK(same_bits<T>(tiled.y.view(), whole.y.view()));
      most = std::max(most, tiled.tiles);
    }
    CHECK(most > 1);
  });
}

template <class T>
network<T> named(network_description text) {
  return make_network<T>(text, true);
}

/// Hands a function over as a network that has no parameters.
template <class Body>
struct bare_network {
  Body body;
  template <class Tape>
  variable operator()(Tape& t, variable x) const {
    return body(t, x);
  }
  template <class Visitor>
  void visit(Visitor&&) const {}
};
template <class Body>
bare_network(Body) -> bare_network<Body>;

/// Strided, dilated, grouped, depthwise and transposed convolutions, odd windows, scales of 3, 4 and a half.
struct mixed {
  conv2d<float> wide{3, 6, {.kernel = 5, .padding = padding2d::same(5, 2), .dilation = 2}};
  conv2d<float> strided{6, 12, {.kernel = 4, .stride = 3, .padding = padding2d::all(1)}};
  conv2d<float> depthwise{12, 12, {.kernel = 3, .padding = padding2d::same(3), .groups = 12}};
  conv2d<float> even{12, 12, {.kernel = 2, .padding = padding2d::same(2), .groups = 3}};
  conv_transpose2d<float> back{12, 6, {.kernel = 5, .stride = 3, .padding = padding2d::all(1)}};
  conv2d<float> head{6, 2, {.kernel = 1}};
  variable operator()(tape<float>& t, variable x) const {
    variable y = relu(t, strided(t, wide(t, x)), 0.1f);
    y = add(t, even(t, depthwise(t, y)), y);
    y = average_pool2d(t, y, {.kernel = 3, .stride = 2, .padding = padding2d::all(1), .count_include_pad = false});
    return sigmoid(t, head(t, upsample_bilinear2d(t, back(t, dropout(t, y, {.rate = 0.5f})), 4)));
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("wide", wide), visitor("strided", strided), visitor("depthwise", depthwise), visitor("even", even);
    visitor("back", back), visitor("head", head);
  }
};

}  // namespace

TEST_CASE("UNet in tiles: padded, of every kind of upsampling, one class and two, float and bfloat16") {
  for (const char* upsampling : {"nearest", "bilinear", "transposed"}) {
    CAPTURE(upsampling);
    const network_description text{
        {"model", "unet"}, {"base_width", "5"}, {"depth", "2"}, {"upsampling", upsampling},
        {"activation_slope", "0.01"}};
    const auto net = named<float>(text);
    check_tiles<float>(net, {1, 132, 248, 3}, {4, 16, 33, 64, 100});
    check_tiles<float>(net, {1, 129, 221, 3}, {20, 64});  // no multiple of 4: padded, and cropped again
    check_tiles<bfloat16>(named<bfloat16>(text), {1, 94, 220, 3}, {28});
  }
  auto two = named<float>({{"model", "unet"}, {"base_width", "4"}, {"depth", "3"}, {"classes", "2"}});
  check_tiles<float>(lesion_logits<float>(two), {1, 288, 136, 3}, {32, 64});
  const auto grey =
      named<float>({{"model", "unet"}, {"base_width", "4"}, {"batch_norm", "false"}, {"in_channels", "1"}});
  check_tiles<float>(grey, {1, 64, 448, 1}, {32, 90});
}

TEST_CASE("UNet without padding in tiles: skips are cropped by what the whole's size leaves over") {
  const network_description text{{"model", "unet"},          {"base_width", "3"},  {"depth", "2"},
                                 {"upsampling", "transposed"}, {"batch_norm", "false"}, {"same_padding", "false"}};
  const auto net = named<float>(text);
  for (index_t more = 0; more < 4; ++more) {
    CAPTURE(more);
    check_tiles<float>(net, {1, 120 + more, 131 - more, 3}, {4, 20, 48});
  }
  check_tiles<bfloat16>(named<bfloat16>(text), {1, 121, 110, 3}, {24});
}

TEST_CASE("SegNet in tiles: indices of pooling, batch norm, nearest upsampling") {
  for (const char* model : {"segnet", "segnet_bn"})
    for (const char* unpool : {"true", "false"}) {
      CAPTURE(model);
      CAPTURE(unpool);
      const auto net = named<float>({{"model", model}, {"base_width", "2"}, {"unpool_with_indices", unpool}});
      check_tiles<float>(net, {1, 608, 70, 3}, {32, 150});
    }
  const network_description text{{"model", "segnet_bn"}, {"base_width", "2"}, {"classes", "2"}};
  check_tiles<bfloat16>(named<bfloat16>(text), {1, 40, 580, 3}, {64});
}

TEST_CASE("a tile's result is exact where strides, dilation, groups, scales and odd windows meet") {
  const mixed net;
  check_tiles<float>(net, {2, 150, 131, 3}, {12, 40, 77});
}

TEST_CASE("tiles cover the result once, and hold no more than they must") {
  const auto net = named<float>({{"model", "unet"}, {"base_width", "1"}, {"depth", "2"}});
  const whole_network<float> whole(net, {1, 512, 500, 3});
  const tile_axis rows = whole.rows();
  CHECK(rows.multiple() == 4);
  const tile_cut cut = rows.cut(128);
  index_t covered = 0;
  for (const tile_part& p : cut.parts) {
    CHECK(p.first == covered);
    CHECK(p.begin % 4 == 0);
    CHECK(p.begin + p.skip == p.first);
    CHECK(p.last - p.first <= 128 + 44);  // those at the edges need less halo, so they add more
    covered = p.last;
  }
  CHECK(covered == 512);
  // Twice 2 pixels from convolutions at full size, 2·4 at half of it and 4·2 at a quarter, 1·2 and 1 behind upsampling:
  // a pixel of the result sees at most 2+4+8+2+4+1+2 = 23 to each side, 24 with the pooling's grid.
  CHECK(cut.extent <= 128 + 2 * 24);
  CHECK(rows.cut(512).parts.size() == 1);
  CHECK(rows.cut(100000).extent == 512);
  CHECK(rows.cut(1).parts.size() > 100);  // the smallest that there are
  check_error([&] { rows.cut(0); }, "tiling: tiles of 0 pixels");
}

TEST_CASE("what depends on the whole image can't be tiled, and says so") {
  const auto refused = [](const auto& net, const std::string& op) {
    check_error(
        [&] {
          cpu_context ctx;
          run<float>(ctx, net, {1, 64, 64, 3}, 16);
        },
        "tiling: " + op);
  };
  const std::string rest = " depends on the whole image, so that no tile of it can be computed by itself";
  refused(residual_segmenter<float>{}, "group_norm" + rest);
  refused(bare_network{[](auto& t, variable x) { return global_average_pool2d(t, x); }},
          "global_average_pool2d" + rest);
  refused(bare_network{[](auto& t, variable x) { return upsample_bilinear2d(t, x, 2, true); }},
          "upsample_bilinear2d" + rest);
  refused(bare_network{[](auto& t, variable x) { return upsample_bilinear2d(t, x, 3); }}, "upsample_bilinear2d" + rest);
  // A network may do with a size what it likes; a tile must be treated like the whole.
  refused(bare_network{[](auto& t, variable x) {
            const shape e = t.extents(x);
            return pad2d(t, x, {.top = e.h == 64 ? 1 : 2}, e.h + 2, e.w);
          }},
          "pad2d of [1,");
  check_error(
      [] {
        cpu_context ctx;
        const bare_network net{
            [](auto& t, variable x) { return t.extents(x).h == 64 ? relu(t, x) : sigmoid(t, x); }};
        run<float>(ctx, net, {1, 64, 64, 3}, 16);
      },
      "tape: op 0 is sigmoid, on the whole image relu");
}

namespace {

/// The sum of the squares of three pixels in a row, from the left, or from the right where the image is small: as an op
/// that chooses its algorithm by shape.
class row_sum_node final : public node<float, cpu> {
 public:
  explicit row_sum_node(index_t width) : algorithm_(width < 100 ? 1 : 0) {}
  std::string_view kind() const override { return "row_sum"; }
  node_traits traits() const override { return {}; }
  std::optional<op_reach> reach() const override { return op_reach{{}, {.first = -1, .last = 1}, grid}; }
  int algorithm() const override { return algorithm_; }
  void use_algorithm(int chosen) override { algorithm_ = chosen; }
  void forward(context&, const pass& p) const override {
    const auto [N, H, W, C] = p.x().extents();
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w) {
        float sum = 0;
        // Where a pixel lies in its square of four decides, too.
        const bool from_right = algorithm_ == 1 || w % grid == 2;
        for (index_t i = 0; i < 3; ++i)
          if (const index_t at = w + (from_right ? 1 - i : i - 1); at >= 0 && at < W)
            sum += p.x()(0, h, at, 0) * p.x()(0, h, at, 0);
        p.y()(0, h, w, 0) = sum;
      }
  }
  void backward(context&, const pass&) const override {}

  static constexpr index_t grid = 4;

 private:
  int algorithm_;
};

}  // namespace

TEST_CASE("a tile runs with the algorithms of the whole, and begins where theirs do") {
  const bare_network net{[](tape<float>& t, variable x) {
    const shape e = t.extents(x);
    return t.record(std::make_unique<row_sum_node>(e.w), {x}, {}, e);
  }};
  check_tiles<float>(net, {1, 3, 150, 1}, {10, 31});
  const whole_network<float> whole(net, {1, 3, 150, 1});
  CHECK(whole.columns().multiple() == 4);
  // By its own choice a tile would differ.
  cpu_context ctx;
  workspace<cpu> space;
  const auto layout = std::make_shared<const parameter_layout>(net);
  const parameter_set<cpu> none(layout);
  const tensor<float> x = random_tensor<float>({1, 3, 150, 1}, 1);
  program<float> alone(ctx, net, layout, {1, 3, 50, 1}, run_mode::inference, space);
  copy_elements<float>(x.view().rectangle(0, 0, 3, 50), alone.input());
  alone.forward(ctx, none);
  const tensor<float> expected = run<float>(ctx, net, {1, 3, 150, 1}, std::nullopt).y;
  CHECK_FALSE(same_bits<float>(alone.output().rectangle(0, 0, 3, 48), expected.view().rectangle(0, 0, 3, 48)));
}

TEST_CASE("the largest tile within a limit of memory is found, or what takes the least") {
  const auto net = named<float>({{"model", "unet"}, {"base_width", "4"}, {"depth", "2"}});
  const auto layout = std::make_shared<const parameter_layout>(net);
  const whole_network<float> whole(net, {1, 400, 600, 3});
  cpu_context ctx;
  workspace<cpu> space;
  const auto fitting = [&](std::size_t bytes) { return largest_tile<float>(ctx, net, layout, whole, bytes); };
  const tile_choice all = fitting(std::size_t{1} << 40);
  CHECK(all.fits);
  CHECK_FALSE(all.side);
  index_t side = 600;
  for (std::size_t bytes = all.bytes - 1; bytes > all.bytes / 20; bytes /= 2) {
    const tile_choice found = fitting(bytes);
    REQUIRE(found.fits);
    CHECK(found.bytes <= bytes);
    CHECK(*found.side <= side);
    side = *found.side;
    const tiled_program<float> program(ctx, net, layout, whole, side, space);
    CHECK(program.plan().bytes() == found.bytes);
    CHECK(program.tiles() > 1);
  }
  CHECK(side < 150);
  const tile_choice least = fitting(1000);
  CHECK_FALSE(least.fits);
  CHECK(least.bytes > 1000);
  CHECK(fitting(least.bytes).fits);
  CHECK_FALSE(fitting(least.bytes - 1).fits);
}
