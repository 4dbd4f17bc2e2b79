// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/image/filter.hpp>

#include "../support/pictures.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE_TEMPLATE("filter: equal to OpenCV's GaussianBlur, sepFilter2D, filter2D, medianBlur", T, std::uint8_t,
                   std::uint16_t, float) {
  const std::string type = type_name<T>();
  const golden_file golden("filter.safetensors");
  const auto x = golden.tensor<T>(type + ".x");
  const auto across = golden.values<float>("across"), down = golden.values<float>("down");
  const auto kernel = golden.values<float>("kernel");
  for_each_isa([&](cpu_context& ctx) {
    int compared = 0;
    for (const std::string& entry : golden.names()) {
      if (entry.find('.' + type + '.') == std::string::npos) continue;
      CAPTURE(entry);
      std::vector<std::string> part;
      std::istringstream parts(entry.substr(0, entry.rfind('.')));
      for (std::string p; std::getline(parts, p, '.');) part.push_back(p);
      const std::string last = entry.substr(entry.rfind('.') + 1);
      const auto expected = golden.tensor<T>(entry);
      tensor<T> y(expected.extents());
      if (part[0] == "median") {
        median_blur(ctx, x.view().channels(0, y.extents().c), std::stoi(last), y.view());
      } else {
        const border edge = border_named(last).value();
        if (part[0] == "gaussian") {
          const double sigma = part.size() > 4 ? std::stod(part[3] + '.' + part[4]) : std::stod(part[3]);
          gaussian_blur(ctx, x, std::stoi(part[2]), sigma, edge, y.view());
        }
        if (part[0] == "separable") filter_separable(ctx, x, across, down, edge, y.view());
        if (part[0] == "filter2d") filter2d(ctx, x, kernel, 3, 6, edge, y.view());
      }
      const bool exact = part[0] == "median" || (part[0] == "gaussian" && std::is_integral_v<T>);
      CHECK(largest_difference<T>(y, expected) <= (exact ? 0 : std::is_same_v<T, float> ? 1e-5 : 1));
      ++compared;
    }
    CHECK(compared == 20 + (sizeof(T) == 1 ? 3 : 2));
  });
}

TEST_CASE("filter: bytes equal to OpenCV's GaussianBlur and medianBlur over a larger picture") {
  const auto x = formula_picture({1, 83, 121, 3});
  for_each_isa([&](cpu_context& ctx) {
    for_each_golden_digest("filter.txt", 32, [&](std::istream& words, const std::string& digest) {
      std::string op, edge;
      index_t side = 0;
      double sigma = 0;
      words >> op >> side >> sigma >> edge;
      tensor<std::uint8_t> y(x.extents());
      if (op == "median")
        median_blur(ctx, x, side, y.view());
      else
        gaussian_blur(ctx, x, side, sigma, border_named(edge).value(), y.view());
      CHECK(digest_of(y) == digest);
    });
  });
}

TEST_CASE("filter: weights equal to OpenCV's getGaussianKernel") {
  const golden_file golden("filter.safetensors");
  int compared = 0;
  for (const std::string& entry : golden.names()) {
    if (entry.rfind("kernel.", 0) != 0) continue;
    CAPTURE(entry);
    const auto expected = golden.values<float>(entry);
    const std::size_t dot = entry.find('.', 7);
    const auto kernel = gaussian_kernel(static_cast<index_t>(expected.size()), std::stod(entry.substr(dot + 1)));
    REQUIRE(kernel.size() == expected.size());
    for (std::size_t i = 0; i < kernel.size(); ++i) CHECK(kernel[i] == doctest::Approx(expected[i]).epsilon(1e-6));
    ++compared;
  }
  CHECK(compared == 9);
}

namespace {

/// Σ kernel · x in double.
template <class T>
double reference_sum(view<const T> x, const std::vector<float>& kernel, index_t rows, index_t columns, border edge,
                     index_t h, index_t w, index_t c) {
  double sum = 0;
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < columns; ++j) {
      const index_t row = border_position(edge, h - rows / 2 + i, x.extents().h);
      const index_t column = border_position(edge, w - columns / 2 + j, x.extents().w);
      if (row >= 0 && column >= 0)
        sum += static_cast<double>(kernel[static_cast<std::size_t>(i * columns + j)]) *
               static_cast<double>(x(0, row, column, c));
    }
  return std::is_integral_v<T> ? std::clamp(sum, 0.0, value_range<T>()) : sum;
}

}  // namespace

TEST_CASE_TEMPLATE("filter: the definition in double; any channels and layout, the same bits with every isa", T,
                   std::uint8_t, std::uint16_t, float) {
  struct picture {
    shape extents;
    index_t rows, columns;
  };
  for (const picture& p :
       {picture{{1, 1, 1, 1}, 3, 5}, picture{{1, 5, 7, 3}, 7, 9}, picture{{1, 40, 67, 3}, 5, 3},
        picture{{1, 33, 30, 4}, 3, 4}, picture{{1, 70, 3, 17}, 2, 7}, picture{{1, 9, 131, 1}, 11, 1}}) {
    const shape extents = p.extents;
    const index_t rows = p.rows, columns = p.columns;
    CAPTURE(extents.w);
    const auto x = random_picture<T>(extents, 8);
    const auto draw = [](index_t count, std::uint32_t number) {
      const auto t = random_tensor<float>(vector_shape(count), number, -0.4, 0.7);
      return std::vector<float>(t.begin(), t.end());
    };
    const auto across = draw(columns, 1), down = draw(rows, 2);
    std::vector<float> product;
    for (const float d : down)
      for (const float a : across) product.push_back(d * a);
    for (const border edge : all_borders) {
      CAPTURE(name(edge));
      cpu_context portable({.isa = isa::portable});
      tensor<T> separable(extents), plain(extents), blurred(extents), median(extents);
      const index_t side = rows | 1;
      filter_separable(portable, x, across, down, edge, separable.view());
      filter2d(portable, x, product, rows, columns, edge, plain.view());
      gaussian_blur(portable, x, side, 1.2, edge, blurred.view());
      median_blur(portable, x, side, median.view());
      const auto gaussian = gaussian_kernel(side, 1.2);
      std::vector<float> square;
      for (const float d : gaussian)
        for (const float a : gaussian) square.push_back(d * a);
      double worst = 0, worst_blur = 0;
      for (index_t h = 0; h < extents.h; ++h)
        for (index_t w = 0; w < extents.w; ++w)
          for (index_t c = 0; c < extents.c; ++c) {
            const double expected = reference_sum<T>(x, product, rows, columns, edge, h, w, c);
            worst = std::max({worst, std::abs(expected - static_cast<double>(separable(0, h, w, c))),
                              std::abs(expected - static_cast<double>(plain(0, h, w, c)))});
            const double soft = reference_sum<T>(x, square, side, side, edge, h, w, c);
            worst_blur = std::max(worst_blur, std::abs(soft - static_cast<double>(blurred(0, h, w, c))));
          }
      // half a grey level of rounding, and what float sums of 16-bit samples lose
      CHECK(worst <= (std::is_same_v<T, float> ? 3e-6 : sizeof(T) == 2 ? 0.6 : 0.501));
      CHECK(worst_blur <= (std::is_same_v<T, float> ? 1e-6 : sizeof(T) == 2 ? 1.6 : 3.0));  // bytes: 8-bit weights
      for_each_isa([&](cpu_context& ctx) {
        tensor<T> y(extents);
        filter_separable(ctx, x, across, down, edge, y.view());
        CHECK(same_bits<T>(y.view(), separable.view()));
        filter2d(ctx, x, product, rows, columns, edge, y.view());
        CHECK(same_bits<T>(y.view(), plain.view()));
        gaussian_blur(ctx, x, side, 1.2, edge, y.view());
        CHECK(same_bits<T>(y.view(), blurred.view()));
        median_blur(ctx, x, side, y.view());
        CHECK(same_bits<T>(y.view(), median.view()));
        for_each_layout(x, extents, [&](view<const T> lying_x, view<T> lying_y) {
          filter_separable(ctx, lying_x, across, down, edge, lying_y);
          CHECK(same_bits<T>(as_const(lying_y), separable.view()));
          filter2d(ctx, lying_x, product, rows, columns, edge, lying_y);
          CHECK(same_bits<T>(as_const(lying_y), plain.view()));
          gaussian_blur(ctx, lying_x, side, 1.2, edge, lying_y);
          CHECK(same_bits<T>(as_const(lying_y), blurred.view()));
          median_blur(ctx, lying_x, side, lying_y);
          CHECK(same_bits<T>(as_const(lying_y), median.view()));
        });
      });
    }
  }
}

TEST_CASE("filter: several images, the same bits with any number of workers") {
  thread_pool workers(3);
  cpu_context many(workers), one;
  const auto x = random_picture<std::uint8_t>({2, 150, 40, 3}, 9);
  tensor<std::uint8_t> a(x.extents()), b(x.extents());
  gaussian_blur(many, x, 7, 2, border::reflect, a.view());
  gaussian_blur(one, x, 7, 2, border::reflect, b.view());
  CHECK(same_bits<std::uint8_t>(a, b));
  median_blur(many, x, 5, a.view());
  median_blur(one, x, 5, b.view());
  CHECK(same_bits<std::uint8_t>(a, b));
  const auto kernel = gaussian_kernel(5, 1);
  filter_separable(many, x, kernel, kernel, border::wrap, a.view());
  filter_separable(one, x, kernel, kernel, border::wrap, b.view());
  CHECK(same_bits<std::uint8_t>(a, b));
}

TEST_CASE("filter: a flat picture stays flat") {
  tensor<std::uint8_t> x({1, 20, 30, 3}), y(x.extents());
  x.fill(255);
  cpu_context ctx;
  for (const index_t side : {3, 5, 7, 21, 101}) {
    gaussian_blur(ctx, x, side, 0.3 * static_cast<double>(side), border::reflect_101, y.view());
    CHECK(same_bits<std::uint8_t>(y, x));
  }
}

TEST_CASE("filter: wrong shapes and kernels are refused") {
  cpu_context ctx;
  const tensor<float> x({1, 4, 4, 3});
  tensor<float> y({1, 4, 4, 3}), small({1, 4, 3, 3});
  const std::vector<float> none, three(3);
  check_error([&] { gaussian_blur(ctx, x, 3, 1, border::reflect, small.view()); },
              "gaussian_blur: x [1,4,4,3] and y [1,4,3,3] differ in shape");
  check_error([&] { gaussian_blur(ctx, x, 4, 1, border::reflect, y.view()); },
              "gaussian_kernel: side 4 is not odd and positive");
  check_error([&] { gaussian_kernel(3, std::nan("")); }, "gaussian_kernel: sigma is nan");
  check_error([&] { filter_separable(ctx, x, three, none, border::reflect, y.view()); },
              "filter_separable: kernels of 3 weights across and 0 down");
  check_error([&] { filter2d(ctx, x, three, 2, 2, border::reflect, y.view()); },
              "filter2d: 3 weights for a kernel of 2×2");
  check_error([&] { median_blur(ctx, x, 0, y.view()); }, "median_blur: side 0 is not odd and positive");
}
