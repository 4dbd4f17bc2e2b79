// SPDX-License-Identifier: Apache-2.0
// Functions on pictures beside OpenCV's, each on one thread, in one run: a call of ours, a call of theirs, and so on.
//
//     image_ops --rounds 200 --only resize --isa avx512
//
// Prints the median time of both in microseconds and how many times as long theirs takes, then the geometric mean. Time
// is the thread's own, so that other work on the machine takes nothing from it but cache and memory.
#include <lamina/augment/blur.hpp>
#include <lamina/core/random.hpp>
#include <lamina/image/clahe.hpp>
#include <lamina/image/components.hpp>
#include <lamina/image/contours.hpp>
#include <lamina/image/distance_transform.hpp>
#include <lamina/image/filter.hpp>
#include <lamina/image/hsv.hpp>
#include <lamina/image/lookup.hpp>
#include <lamina/image/morphology.hpp>
#include <lamina/image/resize.hpp>
#include <lamina/image/threshold.hpp>
#include <lamina/image/warp.hpp>

#include <CLI/CLI.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <time.h>

#include <cmath>
#include <functional>
#include <iomanip>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

using namespace lamina;

namespace {

struct comparison {
  std::string name;
  std::function<void()> ours, theirs;
};

/// Microseconds that this thread has computed.
double thread_time() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}
double microseconds(const std::function<void()>& f) {
  const double start = thread_time();
  f();
  return thread_time() - start;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// A smooth picture with noise on it, as photographs are.
tensor<std::uint8_t> picture(index_t H, index_t W, index_t C) {
  tensor<std::uint8_t> x({1, H, W, C}, uninitialized);
  random_stream stream({.seed = 1, .purpose = random_purpose::test});
  for (index_t h = 0; h < H; ++h)
    for (index_t w = 0; w < W; ++w)
      for (index_t c = 0; c < C; ++c) {
        const double wave = std::sin(0.02 * static_cast<double>(h + 40 * c)) * std::cos(0.013 * static_cast<double>(w));
        x(0, h, w, c) = saturate_cast<std::uint8_t>(128 + 90 * wave + stream.uniform(-20.0f, 20.0f));
      }
  return x;
}

template <class T>
cv::Mat as_mat(tensor<T>& x) {
  const auto [N, H, W, C] = x.extents();
  const int depth = sizeof(T) == 1 ? CV_8U : CV_32F;
  return {static_cast<int>(H), static_cast<int>(W), CV_MAKETYPE(depth, static_cast<int>(C)), x.data()};
}

int flag_of(interpolation method) {
  constexpr int flags[] = {cv::INTER_NEAREST, cv::INTER_LINEAR, cv::INTER_AREA, cv::INTER_CUBIC, cv::INTER_LANCZOS4};
  return flags[static_cast<int>(method)];
}

/// Everything that is compared: 512 × 512 × 3 bytes unless its name says otherwise.
class comparisons {
 public:
  explicit comparisons(cpu_context& ctx) : ctx_(ctx) {
    moves();
    warps();
    filters();
    neighbourhoods();
    values();
    colours();
    resizes();
    shapes();
  }
  const std::vector<comparison>& all() const { return all_; }

 private:
  using bytes = tensor<std::uint8_t>;

  void add(std::string name, std::function<void()> ours, std::function<void()> theirs) {
    all_.push_back({std::move(name), std::move(ours), std::move(theirs)});
  }

  void moves() {
    add("flip left-right", [this] { copy_pixels(ctx_, flip_left_right(x_.view()), y_.view()); },
        [this] { cv::flip(cv_x_, cv_y_, 1); });
    add("flip up-down", [this] { copy_pixels(ctx_, flip_up_down(x_.view()), y_.view()); },
        [this] { cv::flip(cv_x_, cv_y_, 0); });
    add("transpose", [this] { copy_pixels(ctx_, transpose(x_.view()), y_.view()); },
        [this] { cv::transpose(cv_x_, cv_y_); });
    add("rotate by 90 degrees", [this] { copy_pixels(ctx_, rotate_quarters(x_.view(), 1), y_.view()); },
        [this] { cv::rotate(cv_x_, cv_y_, cv::ROTATE_90_CLOCKWISE); });
    add("crop 512x512 of 1024x768",
        [this] {
          const view<std::uint8_t> large = large_.view();
          copy_pixels(ctx_, view<std::uint8_t>(large.pixel(0, 100, 200), y_.extents(), large.image_stride(),
                                               large.row_stride(), large.pixel_stride()),
                      y_.view());
        },
        [this] { cv_large_(cv::Rect(200, 100, 512, 512)).copyTo(cv_y_); });
  }

  void warps() {
    const affine_map turn = rotation_map({255.5, 255.5}, 30);
    const cv::Mat cv_turn = cv::Mat(2, 3, CV_64F, const_cast<double*>(turn.m.data())).clone();
    random_stream stream({.seed = 2, .purpose = random_purpose::test});
    for (index_t h = 0; h < 512; ++h)
      for (index_t w = 0; w < 512; ++w) {  // what an elastic transform does: a few pixels, smoothly
        map_(0, h, w, 0) = static_cast<float>(w) + 6 * std::sin(0.05f * static_cast<float>(h)) + stream.uniform();
        map_(0, h, w, 1) = static_cast<float>(h) + 6 * std::cos(0.04f * static_cast<float>(w)) + stream.uniform();
      }
    for (const interpolation method : {interpolation::nearest, interpolation::linear, interpolation::cubic,
                                       interpolation::lanczos4}) {
      add(to_text("warp_affine, 30 degrees, ", name(method)),
          [this, turn, method] { warp_affine(ctx_, x_, turn, {method}, y_.view()); },
          [this, cv_turn, method] {
            cv::warpAffine(cv_x_, cv_y_, cv_turn, cv_x_.size(), flag_of(method) | cv::WARP_INVERSE_MAP);
          });
    }
    const projective_map tilt({0.94, -0.13, 41.5, 0.08, 0.97, -20.25, 1.5e-4, -1e-4, 1.01});
    const cv::Mat cv_tilt = cv::Mat(3, 3, CV_64F, const_cast<double*>(tilt.m.data())).clone();
    for (const interpolation method : {interpolation::nearest, interpolation::linear, interpolation::cubic})
      add(to_text("warp_perspective, ", name(method)),
          [this, tilt, method] { warp_perspective(ctx_, x_, tilt, {method}, y_.view()); },
          [this, cv_tilt, method] {
            cv::warpPerspective(cv_x_, cv_y_, cv_tilt, cv_x_.size(), flag_of(method) | cv::WARP_INVERSE_MAP);
          });
    for (const interpolation method : {interpolation::nearest, interpolation::linear, interpolation::cubic})
      add(to_text("remap, elastic, ", name(method)),
          [this, method] { remap(ctx_, x_, map_, {method, border::reflect_101}, y_.view()); },
          [this, method] {
            cv::remap(cv_x_, cv_y_, cv_map_, cv::noArray(), flag_of(method), cv::BORDER_REFLECT_101);
          });
  }

  void filters() {
    for (const auto& [side, sigma] : {std::pair{3, 0.8}, {5, 1.1}, {7, 1.4}})
      add(to_text("gaussian_blur ", side, "x", side),
          [this, side = side, sigma = sigma] {
            gaussian_blur(ctx_, x_, side, sigma, border::replicate, y_.view());
          },
          [this, side = side, sigma = sigma] {
            cv::GaussianBlur(cv_x_, cv_y_, cv::Size(side, side), sigma, sigma, cv::BORDER_REPLICATE);
          });
    const std::vector<float> across{-0.1f, 0.3f, 0.6f, 0.3f, -0.1f}, down{0.1f, 0.2f, 0.4f, 0.2f, 0.1f};
    const cv::Mat cv_across = cv::Mat(across).clone(), cv_down = cv::Mat(down).clone();
    add("filter_separable 5x5",
        [this, across, down] { filter_separable(ctx_, x_, across, down, border::replicate, y_.view()); },
        [this, cv_across, cv_down] {
          cv::sepFilter2D(cv_x_, cv_y_, -1, cv_across, cv_down, cv::Point(-1, -1), 0, cv::BORDER_REPLICATE);
        });
    for (const int side : {3, 5, 7, 15})
      add(to_text("median_blur ", side, "x", side), [this, side] { median_blur(ctx_, x_, side, y_.view()); },
          [this, side] { cv::medianBlur(cv_x_, cv_y_, side); });
    for (const index_t side : {3, 5, 9}) {
      std::vector<float> kernel;
      for (index_t i = 0; i < side * side; ++i) kernel.push_back(0.01f * static_cast<float>(i % 7 + 1));
      add_filter2d(to_text("filter2d ", side, "x", side, ", dense"), side, kernel);
    }
    for (const index_t side : {7, 15})
      add_filter2d(to_text("filter2d ", side, "x", side, ", motion blur"), side,
                   augment::motion_blur::line_kernel(side, 30));
  }
  void add_filter2d(std::string name, index_t side, const std::vector<float>& kernel) {
    const auto extent = static_cast<int>(side);
    const cv::Mat cv_kernel = cv::Mat(extent, extent, CV_32F, const_cast<float*>(kernel.data())).clone();
    add(std::move(name),
        [this, side, kernel] { filter2d(ctx_, x_, kernel, side, side, border::replicate, y_.view()); },
        [this, cv_kernel] {
          cv::filter2D(cv_x_, cv_y_, -1, cv_kernel, cv::Point(-1, -1), 0, cv::BORDER_REPLICATE);
        });
  }

  void neighbourhoods() {
    for (const int side : {3, 15})
      add_morphology(to_text("erode 512x512x1, ", side, "x", side), {element_shape::rectangle, side, side},
                     cv::MORPH_RECT);
    add_morphology("erode 512x512x1, ellipse 15x15", structuring_element::disk(7), cv::MORPH_ELLIPSE);
    add("distance_transform 512x512x1", [this] { distance_transform(ctx_, mask_, {}, distances_.view()); },
        [this] { cv::distanceTransform(cv_mask_, cv_distances_, cv::DIST_L2, cv::DIST_MASK_PRECISE); });
  }
  void add_morphology(std::string name, structuring_element element, int shape) {
    const cv::Mat cv_element =
        cv::getStructuringElement(shape, cv::Size(static_cast<int>(element.width), static_cast<int>(element.height)));
    add(std::move(name), [this, element] { erode(ctx_, grey_x_, element, grey_y_.view()); },
        [this, cv_element] { cv::erode(cv_grey_x_, cv_grey_y_, cv_element); });
  }

  void values() {
    std::vector<std::uint8_t> gamma(256);
    for (std::size_t v = 0; v < 256; ++v)
      gamma[v] = saturate_cast<std::uint8_t>(255 * std::pow(static_cast<double>(v) / 255, 0.7));
    const cv::Mat cv_gamma = cv::Mat(1, 256, CV_8U, gamma.data()).clone();
    add("lookup, one table", [this, gamma] { lookup(ctx_, x_, gamma, y_.view()); },
        [this, cv_gamma] { cv::LUT(cv_x_, cv_gamma, cv_y_); });
    add("to_float", [this] { to_float(ctx_, x_, float_y_.view()); },
        [this] { cv_x_.convertTo(cv_float_y_, CV_32F, 1.0 / 255); });
    const std::vector<float> mean{0.6681f, 0.5301f, 0.5247f}, deviation{0.1337f, 0.1480f, 0.1595f};
    const cv::Scalar cv_mean(mean[0], mean[1], mean[2]), cv_deviation(deviation[0], deviation[1], deviation[2]);
    add("normalize, floats", [this, mean, deviation] { normalize(ctx_, float_x_, mean, deviation, float_y_.view()); },
        [this, cv_mean, cv_deviation] {
          cv::subtract(cv_float_x_, cv_mean, cv_float_y_);
          cv::divide(cv_float_y_, cv_deviation, cv_float_y_);
        });
  }

  void colours() {
    rgb_to_hsv(ctx_, float_x_, hsv_x_.view());
    cv_hsv_x_ = as_mat(hsv_x_).clone();
    add("rgb_to_hsv, floats", [this] { rgb_to_hsv(ctx_, float_x_, float_y_.view()); },
        [this] { cv::cvtColor(cv_float_x_, cv_float_y_, cv::COLOR_RGB2HSV); });
    add("hsv_to_rgb, floats", [this] { hsv_to_rgb(ctx_, hsv_x_, float_y_.view()); },
        [this] { cv::cvtColor(cv_hsv_x_, cv_float_y_, cv::COLOR_HSV2RGB); });
    for (const int tiles : {8, 4}) {
      const cv::Ptr<cv::CLAHE> cv_clahe = cv::createCLAHE(3, cv::Size(tiles, tiles));
      add(to_text("clahe 512x512x1, ", tiles, "x", tiles, " tiles"),
          [this, tiles] { clahe(ctx_, grey_x_, 3, tiles, tiles, grey_y_.view()); },
          [this, cv_clahe] { cv_clahe->apply(cv_grey_x_, cv_grey_y_); });
    }
  }

  void resizes() {
    for (const interpolation method : all_interpolations)
      add(to_text("resize 1024x768 to 512x512, ", name(method)),
          [this, method] { resize(ctx_, large_, method, y_.view()); },
          [this, method] { cv::resize(cv_large_, cv_y_, cv::Size(512, 512), 0, 0, flag_of(method)); });
    for (const interpolation method : {interpolation::linear, interpolation::cubic})
      add(to_text("resize 512x512 to 768x768, ", name(method)),
          [this, method] { resize(ctx_, x_, method, grown_.view()); },
          [this, method] { cv::resize(cv_x_, cv_grown_, cv::Size(768, 768), 0, 0, flag_of(method)); });
  }

  void shapes() {
    bytes noise({1, 512, 512, 1}), blobs(noise.extents());
    random_stream stream({.seed = 3, .purpose = random_purpose::test});
    for (std::uint8_t& pixel : noise) pixel = stream.uniform() < 0.5f ? 255 : 0;
    gaussian_blur(ctx_, noise, 15, 2.5, border::replicate, blobs.view());
    for (std::uint8_t& pixel : blobs) pixel = pixel < 128 ? 0 : 255;
    add_shapes("noise", std::move(noise));
    add_shapes("blobs", std::move(blobs));
    add_shapes("lesion", lesion(512));
    add_shapes("lesion", lesion(2048));
  }
  /// A large disk with a wavy outline, as masks of lesions are.
  static bytes lesion(index_t side) {
    bytes mask({1, side, side, 1});
    const double middle = static_cast<double>(side) / 2;
    for (index_t h = 0; h < side; ++h)
      for (index_t w = 0; w < side; ++w) {
        const double y = static_cast<double>(h) - middle, x = static_cast<double>(w) - middle;
        mask(0, h, w, 0) = std::hypot(x, y) < middle * (0.7 + 0.05 * std::sin(9 * std::atan2(y, x))) ? 255 : 0;
      }
    return mask;
  }
  void add_shapes(const std::string& kind, bytes drawn) {
    const auto mask = std::make_shared<bytes>(std::move(drawn));
    const auto labels = std::make_shared<tensor<std::int32_t>>(mask->extents());
    const cv::Mat cv_mask = as_mat(*mask);
    const std::string size = to_text(", ", kind, " ", mask->extents().w, "x", mask->extents().h);
    for (const int neighbours : {8, 4})
      add(to_text("components, ", neighbours, "-connected", size),
          [this, mask, labels, neighbours] {
            connected_components(ctx_, *mask, neighbours == 8 ? connectivity::eight : connectivity::four,
                                 labels->view());
          },
          [cv_mask, neighbours, found = cv::Mat(), figures = cv::Mat(), centroids = cv::Mat()]() mutable {
            cv::connectedComponentsWithStats(cv_mask, found, figures, centroids, neighbours, CV_32S);
          });
    for (const bool tree : {false, true})
      add(to_text("contours, ", tree ? "tree" : "list", size),
          [this, mask, tree] {
            find_contours(ctx_, *mask, tree ? contour_retrieval::tree : contour_retrieval::list);
          },
          [cv_mask, tree] {
            std::vector<std::vector<cv::Point>> found;
            std::vector<cv::Vec4i> links;
            cv::findContours(cv_mask, found, links, tree ? cv::RETR_TREE : cv::RETR_LIST, cv::CHAIN_APPROX_NONE);
          });
  }

  cpu_context& ctx_;
  bytes x_ = picture(512, 512, 3), large_ = picture(768, 1024, 3), y_{{1, 512, 512, 3}}, grown_{{1, 768, 768, 3}};
  bytes grey_x_ = picture(512, 512, 1), grey_y_{{1, 512, 512, 1}};
  bytes mask_ = [this] {  // pieces of some twenty pixels each way, and single ones
    bytes mask({1, 512, 512, 1});
    threshold(ctx_, grey_x_.view(), 140, threshold_side::above, mask.view());
    return mask;
  }();
  tensor<float> distances_{{1, 512, 512, 1}};
  tensor<float> float_x_ = [this] {
    tensor<float> x({1, 512, 512, 3});
    to_float(ctx_, x_, x.view());
    return x;
  }();
  tensor<float> float_y_{{1, 512, 512, 3}}, hsv_x_{{1, 512, 512, 3}}, map_{{1, 512, 512, 2}};
  cv::Mat cv_x_ = as_mat(x_).clone(), cv_large_ = as_mat(large_).clone(), cv_y_ = as_mat(y_).clone();
  cv::Mat cv_grown_ = as_mat(grown_).clone(), cv_float_x_ = as_mat(float_x_).clone();
  cv::Mat cv_float_y_ = as_mat(float_y_).clone(), cv_map_ = as_mat(map_), cv_hsv_x_;
  cv::Mat cv_mask_ = as_mat(mask_).clone(), cv_distances_ = as_mat(distances_).clone();
  cv::Mat cv_grey_x_ = as_mat(grey_x_).clone(), cv_grey_y_ = as_mat(grey_y_).clone();
  std::vector<comparison> all_;
};

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Functions on pictures beside OpenCV's, one thread each");
  int rounds = 100;
  std::string only, set_name(name(default_isa()));
  app.add_option("--rounds", rounds, "calls of each")->check(CLI::PositiveNumber);
  app.add_option("--only", only, "what the names must contain");
  app.add_option("--isa", set_name, "portable, neon, avx2 or avx512");
  CLI11_PARSE(app, argc, argv);
  cv::setNumThreads(1);
  cpu_context ctx({.isa = isa_from_name(set_name)});
  const comparisons measured(ctx);
  std::cout << "OpenCV " << CV_VERSION << ", " << set_name << ", median of " << rounds << " rounds\n"
            << std::left << std::setw(40) << "512x512x3 bytes, unless named" << std::right << std::setw(12)
            << "lamina us" << std::setw(12) << "OpenCV us" << std::setw(8) << "ratio" << '\n'
            << std::fixed;
  double logarithms = 0;
  int count = 0;
  for (const comparison& c : measured.all()) {
    if (c.name.find(only) == std::string::npos) continue;
    std::vector<double> ours, theirs;
    c.ours();
    c.theirs();
    for (int r = 0; r < rounds; ++r) {
      ours.push_back(microseconds(c.ours));
      theirs.push_back(microseconds(c.theirs));
    }
    const double our_time = median(ours), their_time = median(theirs);
    std::cout << std::left << std::setw(40) << c.name << std::right << std::setprecision(1) << std::setw(12)
              << our_time << std::setw(12) << their_time << std::setprecision(2) << std::setw(8)
              << their_time / our_time << std::endl;
    logarithms += std::log(their_time / our_time);
    ++count;
  }
  if (count > 0) std::cout << "geometric mean of " << count << " ratios: " << std::exp(logarithms / count) << '\n';
  return 0;
} catch (const std::exception& e) {
  std::cerr << "image_ops: " << e.what() << '\n';
  return 1;
}
