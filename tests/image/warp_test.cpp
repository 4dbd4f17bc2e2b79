// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/image/warp.hpp>

#include "../support/pictures.hpp"

#include <array>
#include <numbers>

using namespace lamina;
using namespace lamina::testing;

namespace {

constexpr affine_map large_affine{{0.875, -0.3125, 20.71875, 0.28125, 0.9375, -13.40625}};
const projective_map large_projective(std::array{0.875, -0.3125, 20.71875, 0.28125, 0.9375, -13.40625, 0.0009765625,
                                                 -0.00048828125, 1.0625});

/// make_warp.py's wave of places.
tensor<float> large_places(index_t H, index_t W) {
  tensor<float> map({1, H, W, 2}, uninitialized);
  for (index_t h = 0; h < H; ++h)
    for (index_t w = 0; w < W; ++w) {
      map(0, h, w, 0) = static_cast<float>(w) + static_cast<float>(h * h % 37) * 0.40625f - 9;
      map(0, h, w, 1) = static_cast<float>(h) * 0.9375f + static_cast<float>(w * w % 41) * 0.34375f - 8;
    }
  return map;
}

/// Calls body(name, warp) for the three ways to warp; warp(ctx, x, how, y).
template <class T, class Body>
void for_each_warp(index_t H, index_t W, Body&& body) {
  body("affine", [](cpu_context& ctx, view<const T> x, const sampling& how, view<T> y) {
    warp_affine(ctx, x, large_affine, how, y);
  });
  body("perspective", [](cpu_context& ctx, view<const T> x, const sampling& how, view<T> y) {
    warp_perspective(ctx, x, large_projective, how, y);
  });
  const tensor<float> map = large_places(H, W);
  body("remap", [&map](cpu_context& ctx, view<const T> x, const sampling& how, view<T> y) {
    remap(ctx, x, map, how, y);
  });
}

/// The value at a place, in double and by the definition.
template <class T>
double reference_value(view<const T> x, const sampling& how, double at_x, double at_y, index_t c) {
  const index_t taps = detail::taps_of(how.method);
  const auto pixel = [&](index_t row, index_t column) {
    const index_t r = border_position(how.border, row, x.extents().h);
    const index_t k = border_position(how.border, column, x.extents().w);
    return r < 0 || k < 0 ? static_cast<double>(how.border_value) : static_cast<double>(x(0, r, k, c));
  };
  const auto whole = [](double v) { return static_cast<index_t>(std::floor(v)); };
  if (taps == 1) return pixel(whole(at_y + 0.5), whole(at_x + 0.5));
  const auto weights = [&](double t) -> std::vector<float> {
    const auto as_vector = [](const auto& w) { return std::vector<float>(w.begin(), w.end()); };
    if (taps == 4) return as_vector(cubic_weights(static_cast<float>(t)));
    if (taps == 8) return as_vector(lanczos4_weights(static_cast<float>(t)));
    return {static_cast<float>(1 - t), static_cast<float>(t)};
  };
  const double places_x = std::floor(at_x * 32 + 0.5) / 32, places_y = std::floor(at_y * 32 + 0.5) / 32;
  const auto left = std::floor(places_x), top = std::floor(places_y);
  const auto across = weights(places_x - left), down = weights(places_y - top);
  double sum = 0;
  for (index_t i = 0; i < taps; ++i)
    for (index_t j = 0; j < taps; ++j)
      sum += static_cast<double>(down[static_cast<std::size_t>(i)]) *
             static_cast<double>(across[static_cast<std::size_t>(j)]) *
             pixel(static_cast<index_t>(top) + i - (taps / 2 - 1), static_cast<index_t>(left) + j - (taps / 2 - 1));
  return std::clamp(sum, std::is_integral_v<T> ? 0 : -1e9, std::is_integral_v<T> ? value_range<T>() : 1e9);
}

}  // namespace

TEST_CASE_TEMPLATE("warp: equal to OpenCV's warpAffine, warpPerspective, remap", T, std::uint8_t, std::uint16_t,
                   float) {
  const std::string type = type_name<T>();
  const golden_file golden("warp.safetensors");
  const auto x = golden.tensor<T>(type + ".x");
  const auto affine = golden.values<double>("affine.map");
  const auto projective = golden.values<double>("perspective.map");
  const auto places = golden.tensor<float>("remap.map");
  affine_map a;
  projective_map p;
  std::copy(affine.begin(), affine.end(), a.m.begin());
  std::copy(projective.begin(), projective.end(), p.m.begin());
  for_each_isa([&](cpu_context& ctx) {
    int compared = 0;
    for (const std::string& entry : golden.names()) {
      std::istringstream parts(entry);
      std::string op, dtype, method, edge;
      std::getline(parts, op, '.');
      std::getline(parts, dtype, '.');
      std::getline(parts, method, '.');
      std::getline(parts, edge, '.');
      if (dtype != type) continue;
      CAPTURE(entry);
      const auto expected = golden.tensor<T>(entry);
      const float value = sizeof(T) == 1 ? 77 : sizeof(T) == 2 ? 12345 : 0.25f;
      const sampling how{interpolation_named(method).value(), border_named(edge).value(), value};
      tensor<T> y(expected.extents());
      if (op == "affine") warp_affine(ctx, x, a, how, y.view());
      if (op == "perspective") warp_perspective(ctx, x, p, how, y.view());
      if (op == "remap") remap(ctx, x, places, how, y.view());
      const bool exact = sizeof(T) == 1 || method == "nearest";
      CHECK(largest_difference<T>(y, expected) <= (exact ? 0 : std::is_same_v<T, float> ? 1e-5 : 1));
      ++compared;
    }
    CHECK(compared == 31);
  });
}

TEST_CASE("warp: bytes equal to OpenCV's warpAffine, warpPerspective, remap over a larger picture") {
  const auto digests = golden_digests("warp.txt");
  const auto x = formula_picture({1, 83, 121, 3});
  CHECK(digests.size() == 75);
  for_each_isa([&](cpu_context& ctx) {
    for_each_warp<std::uint8_t>(90, 110, [&](const std::string& op, auto&& warp) {
      for (const interpolation method : all_interpolations)
        for (const border edge : all_borders) {
          tensor<std::uint8_t> y({1, 90, 110, 3});
          warp(ctx, x, {method, edge, 77}, y.view());
          const std::string call = to_text(op, ' ', name(method), ' ', name(edge));
          CAPTURE(call);
          CHECK(digest_of(y) == digests.at(call));
        }
    });
  });
}

TEST_CASE_TEMPLATE("warp: the definition in double; any channels and layout, the same bits with every isa", T,
                   std::uint8_t, std::uint16_t, float) {
  for (const index_t C : {1, 2, 3, 4, 5, 17}) {
    CAPTURE(C);
    const auto x = random_picture<T>({1, 70, 101, C}, 3);
    const index_t H = 61, W = 83;
    for_each_warp<T>(H, W, [&](const std::string& op, auto&& warp) {
      CAPTURE(op);
      for (const interpolation method : all_interpolations) {
        const border edge = all_borders[static_cast<std::size_t>(C) % all_borders.size()];
        const sampling how{method, edge, static_cast<float>(value_range<T>() / 5)};
        CAPTURE(name(method));
        cpu_context portable({.isa = isa::portable});
        tensor<T> expected({1, H, W, C});
        warp(portable, x, how, expected.view());
        for_each_isa([&](cpu_context& ctx) {
          tensor<T> y({1, H, W, C});
          warp(ctx, x, how, y.view());
          CHECK(same_bits<T>(y.view(), expected.view()));
          for_each_layout(x, y.extents(), [&](view<const T> lying_x, view<T> lying_y) {
            warp(ctx, lying_x, how, lying_y);
            CHECK(same_bits<T>(as_const(lying_y), expected.view()));
          });
        });
        if (op != "affine") continue;
        double worst = 0;
        for (index_t h = 0; h < H; ++h)
          for (index_t w = 0; w < W; ++w) {
            const auto [at_x, at_y] = large_affine({static_cast<double>(w), static_cast<double>(h)});
            for (index_t c = 0; c < C; ++c)
              worst = std::max(worst, std::abs(reference_value<T>(x, how, at_x, at_y, c) -
                                               static_cast<double>(expected(0, h, w, c))));
          }
        CHECK(worst <= (std::is_same_v<T, float> ? 1e-5 : method == interpolation::nearest ? 0 : 0.75));
      }
    });
  }
}

TEST_CASE("warp: several images, the same bits with any number of workers") {
  thread_pool workers(3);
  cpu_context many(workers), one;
  const auto x = random_picture<std::uint8_t>({2, 150, 90, 3}, 5);
  tensor<std::uint8_t> a({2, 140, 70, 3}), b({2, 140, 70, 3}), second({1, 140, 70, 3});
  for_each_warp<std::uint8_t>(140, 70, [&](const std::string& op, auto&& warp) {
    CAPTURE(op);
    warp(many, x, {interpolation::cubic, border::reflect}, a.view());
    warp(one, x, {interpolation::cubic, border::reflect}, b.view());
    CHECK(same_bits<std::uint8_t>(a, b));
    warp(one, x.view().images(1), {interpolation::cubic, border::reflect}, second.view());
    CHECK(same_bits<std::uint8_t>(b.view().images(1), second));
  });
  // a map for each image
  tensor<float> maps({2, 140, 70, 2});
  const auto places = large_places(140, 70);
  copy_pixels(places.view(), maps.view().images(0));
  copy_pixels(places.view(), flip_left_right(maps.view().images(1)));
  remap(one, x, maps, {}, a.view());
  remap(one, x.view().images(1), maps.view().images(1), {}, second.view());
  CHECK(same_bits<std::uint8_t>(a.view().images(1), second));
}

TEST_CASE_TEMPLATE("warp: the identity, flips and quarter turns are copies", T, std::uint8_t, std::uint16_t, float) {
  const auto x = random_picture<T>({1, 31, 31, 3}, 6);
  for_each_isa([&](cpu_context& ctx) {
    for (const interpolation method : all_interpolations) {
      CAPTURE(name(method));
      tensor<T> y(x.extents());
      warp_affine(ctx, x, affine_map{}, {method}, y.view());
      CHECK(same_bits<T>(y.view(), x.view()));
      warp_affine(ctx, x, affine_map{{-1, 0, 30, 0, 1, 0}}, {method}, y.view());
      CHECK(same_bits<T>(y.view(), flip_left_right(x.view())));
      for (const int quarters : {1, 2, 3, -1}) {
        warp_affine(ctx, x, rotation_map({15, 15}, 90 * quarters), {method}, y.view());
        CHECK(same_bits<T>(y.view(), rotate_quarters(x.view(), quarters)));
      }
    }
  });
}

TEST_CASE("warp: places that are far away, infinite or NaN") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const auto x = random_picture<std::uint8_t>({1, 8, 9, 3}, 7);
  const std::vector<float> coordinates{1e30f, -1e30f, inf, -inf, nan, 3e9f, -3e9f, 70000, -70000};
  const auto count = static_cast<index_t>(coordinates.size());
  tensor<float> map({1, count, count, 2});
  for (index_t h = 0; h < count; ++h)
    for (index_t w = 0; w < count; ++w) {
      map(0, h, w, 0) = coordinates[static_cast<std::size_t>(w)];
      map(0, h, w, 1) = coordinates[static_cast<std::size_t>(h)];
    }
  for_each_isa([&](cpu_context& ctx) {
    for (const interpolation method : all_interpolations) {
      CAPTURE(name(method));
      tensor<std::uint8_t> y({1, count, count, 3});
      remap(ctx, x, map, {method, border::constant, 9}, y.view());
      CHECK(std::all_of(y.begin(), y.end(), [](std::uint8_t v) { return v == 9; }));
      remap(ctx, x, map, {method, border::replicate, 9}, y.view());
      CHECK(y(0, 0, 0, 1) == x(0, 7, 8, 1));
      CHECK(y(0, 8, 8, 2) == x(0, 0, 0, 2));
      for (const index_t w : {0, 3, 4, 8}) CHECK(y(0, 4, w, 2) == 9);  // NaN, and −∞
      for (const border edge : all_borders) remap(ctx, x, map, {method, edge}, y.view());  // the sanitizer looks
      // a map that no 32-bit number holds
      warp_affine(ctx, x, affine_map{{1e7, 0, -4e7, 0, 1e7, -4e7}}, {method, border::constant, 9}, y.view());
      CHECK(y(0, 4, 4, 0) == x(0, 0, 0, 0));
      CHECK(y(0, 4, 5, 0) == 9);
      warp_affine(ctx, x, affine_map{{1e300, -1e300, 1e300, 0, 1e300, 0}}, {method, border::wrap}, y.view());
      const projective_map infinite(std::array<double, 9>{1, 0, 0, 0, 1, 0, 0.25, 0, -1});
      warp_perspective(ctx, x, infinite, {method}, y.view());
      CHECK(y(0, 0, 4, 0) == x(0, 0, 0, 0));  // w = 0: the origin
    }
  });
}

TEST_CASE("warp: maps") {
  const golden_file golden("warp.safetensors");
  for (int i = 0; i < 3; ++i) {
    const auto entry = to_text("rotation.", i);
    const auto turn = golden.values<double>(entry), expected = golden.values<double>(entry + ".map");
    const affine_map map = rotation_map({turn[0], turn[1]}, turn[2], turn[3]);
    for (std::size_t k = 0; k < 6; ++k) CHECK(map.m[k] == doctest::Approx(expected[k]).epsilon(1e-13));
  }
  // clockwise on the screen: what was right of the centre comes to lie below it
  const point from = rotation_map({10, 10}, 90)({10, 15});
  CHECK(from.x == doctest::Approx(15));
  CHECK(from.y == doctest::Approx(10));

  const affine_map turn = rotation_map({3, 5}, 40, 1.5), shift{{1, 0.25, -7, 0, 2, 3}};
  const point p{4.5, -2}, both = turn.then(shift)(p), apart = turn(shift(p));
  CHECK(both.x == doctest::Approx(apart.x));
  CHECK(both.y == doctest::Approx(apart.y));
  const point back = turn.inverse()(turn(p));
  CHECK(back.x == doctest::Approx(p.x));
  CHECK(back.y == doctest::Approx(p.y));
  const point same = projective_map(turn)(p);
  CHECK(same.x == doctest::Approx(turn(p).x));
  check_error([] { affine_map{{1, 2, 0, 2, 4, 0}}.inverse(); },
              "affine_map::inverse: the determinant of [1 2; 2 4] is 0");
  check_error([] { rotation_map({1, 1}, 30, 0); }, "affine_map::inverse");
}

TEST_CASE("warp: borders equal to OpenCV's borderInterpolate, and by name") {
  const golden_file golden("warp.safetensors");
  for (const border edge : all_borders) {
    CHECK(border_named(name(edge)) == edge);
    for (const index_t size : {1, 2, 7}) {
      const auto expected = golden.values<int>(to_text("border.", name(edge), '.', size));
      for (index_t p = -25; p <= 25; ++p)
        CHECK(border_position(edge, p, size) == expected[static_cast<std::size_t>(p + 25)]);
    }
  }
  CHECK(border_named("reflect101") == border::reflect_101);
  CHECK(!border_named("mirror").has_value());
}

TEST_CASE("warp: wrong shapes and maps are refused") {
  cpu_context ctx;
  const tensor<std::uint8_t> x({1, 4, 4, 3});
  tensor<std::uint8_t> y({1, 2, 2, 1}), good({1, 2, 2, 3});
  check_error([&] { warp_affine(ctx, x, affine_map{}, {}, y.view()); },
              "warp_affine: x [1,4,4,3] and y [1,2,2,1] must agree in N and C");
  check_error([&] { warp_perspective(ctx, x, affine_map{}, {}, y.view()); }, "warp_perspective: x [1,4,4,3]");
  check_error([&] { remap(ctx, x, tensor<float>({1, 2, 3, 2}), {}, good.view()); },
              "remap: map [1,2,3,2] for y [1,2,2,3] is not [1 or N,H',W',2]");
  check_error([&] { warp_affine(ctx, x, affine_map{{1, 0, std::nan(""), 0, 1, 0}}, {}, good.view()); },
              "warp_affine: the map has an element nan");
  check_error([&] { warp_affine(ctx, tensor<std::uint8_t>({1, 0, 4, 3}), affine_map{}, {}, good.view()); },
              "warp_affine: x [1,0,4,3]");
}
