// SPDX-License-Identifier: Apache-2.0
// The ten-step recipe, image and mask, beside the same chain written with OpenCV calls; one thread, in one run: a
// picture by us, the same picture with the same draws by them, and so on.
//
//     recipe --rounds 100 --isa avx512
//
// Prints the mean time of both in microseconds and how many times as long theirs takes. OpenCV has no Poisson noise:
// there it is std::poisson_distribution for each element, as the original did it; the rows without noise leave that
// step out on both sides. Time is the thread's own, so that other work on the machine takes nothing from it but cache
// and memory.
#include <lamina/augment/augment.hpp>

#include <CLI/CLI.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <time.h>

#include <iomanip>
#include <iostream>
#include <random>

using namespace lamina;

namespace {

/// Microseconds that this thread computes f.
template <class F>
double microseconds(F&& f) {
  const auto now = [] {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
  };
  const double start = now();
  f();
  return now() - start;
}

constexpr int side = 512;

/// The recipe, with or without its noise; the steps keep their numbers.
augment::recipe ten_steps(bool noise, bool fuse) {
  std::vector<augment::augmentation> steps = *augment::ten_step_recipe({side, side}).root().children();
  if (!noise) steps[4] = augment::brightness{{0, 0}};
  return augment::recipe(augment::sequential(std::move(steps)), fuse);
}

/// The same by OpenCV, drawing the same numbers, which stand in the same places.
void ten_steps_by_opencv(const sample_place& place, bool noise, const cv::Mat& photo, const cv::Mat& truth,
                         cv::Mat& image_out, cv::Mat& mask_out) {
  cv::Mat x, m, other;
  cv::resize(photo, x, {side, side}, 0, 0, cv::INTER_CUBIC);
  cv::resize(truth, m, {side, side}, 0, 0, cv::INTER_NEAREST);
  for (const auto& [position, code] : {std::pair{2u, 1}, {3u, 0}})
    if (place.stream(position).uniform() <= 0.5f) {
      cv::flip(x, x, code);
      cv::flip(m, m, code);
    }
  random_stream turning = place.stream(4);
  const cv::Mat turn = cv::getRotationMatrix2D({side / 2.0f, side / 2.0f}, -turning.uniform(-180, 180), 1);
  cv::warpAffine(x, other, turn, {side, side}, cv::INTER_LINEAR);
  std::swap(x, other);
  cv::warpAffine(m, other, turn, {side, side}, cv::INTER_NEAREST);
  std::swap(m, other);
  if (noise) {
    random_stream drawn = place.stream(5);
    std::mt19937 engine(drawn());
    std::poisson_distribution<int> count(drawn.uniform(0, 10));
    for (int row = 0; row < side; ++row) {
      auto* v = x.ptr<std::uint8_t>(row);
      for (int i = 0; i < 3 * side; ++i) v[i] = cv::saturate_cast<std::uint8_t>(v[i] + count(engine));
    }
  }
  random_stream curve = place.stream(6);
  const double gamma = curve.uniform(0.5f, 1.5f);
  cv::Mat table(1, 256, CV_8U);
  for (int v = 0; v < 256; ++v)
    table.at<std::uint8_t>(v) = cv::saturate_cast<std::uint8_t>(255 * std::pow(v / 255.0, gamma));
  cv::LUT(x, table, x);
  random_stream blurring = place.stream(7);
  const double drawn_sigma = blurring.uniform(0, 0.8f), sigma = drawn_sigma > 0 ? drawn_sigma : 0.8;
  const int kernel = static_cast<int>(augment::gaussian_side(sigma));
  cv::GaussianBlur(x, other, {kernel, kernel}, sigma, sigma, cv::BORDER_REPLICATE);
  std::swap(x, other);
  random_stream dropping = place.stream(8);
  const float p = dropping.uniform(0, 0.03f);
  const int tile = std::max(1, static_cast<int>(side * dropping.uniform(0.02f, 0.05f)));
  const bool by_channel = dropping.uniform() <= 0.25f;
  for (int top = 0; top < side; top += tile)
    for (int left = 0; left < side; left += tile) {
      cv::Mat part = x(cv::Rect(left, top, std::min(tile, side - left), std::min(tile, side - top)));
      for (int c = 0; c < (by_channel ? 3 : 1); ++c) {
        if (!(dropping.uniform() < (by_channel ? p / 3 : p))) continue;
        if (!by_channel)
          part.setTo(cv::Scalar::all(0));
        else
          for (int row = 0; row < part.rows; ++row)
            for (int column = 0; column < part.cols; ++column) part.at<cv::Vec3b>(row, column)[c] = 0;
      }
    }
  x.convertTo(image_out, CV_32F, 1.0 / 255);
  cv::subtract(image_out, cv::Scalar(0.6681, 0.5301, 0.5247), image_out);
  cv::divide(image_out, cv::Scalar(0.1337, 0.1480, 0.1595), image_out);
  m.convertTo(mask_out, CV_32F, 1.0 / 255);
}

/// A smooth picture with noise on it, as photographs are, and a round mask.
void draw(tensor<std::uint8_t>& x, tensor<std::uint8_t>& m) {
  random_stream stream({.seed = 1, .purpose = random_purpose::test});
  const auto [N, H, W, C] = x.extents();
  for (index_t h = 0; h < H; ++h)
    for (index_t w = 0; w < W; ++w) {
      const auto y = static_cast<double>(h), column = static_cast<double>(w);
      for (index_t c = 0; c < C; ++c)
        x(0, h, w, c) = saturate_cast<std::uint8_t>(
            128 + 90 * std::sin(0.02 * y + 40.0 * static_cast<double>(c)) * std::cos(0.013 * column) +
            stream.uniform(-20.0f, 20.0f));
      m(0, h, w, 0) = std::hypot(y - static_cast<double>(H) / 2, column - static_cast<double>(W) / 3) < 150 ? 255 : 0;
    }
}

/// Mean |a − b|.
double difference(const tensor<float>& a, const cv::Mat& b) {
  double sum = 0;
  const auto* values = b.ptr<float>();
  for (index_t i = 0; i < a.size(); ++i) sum += std::abs(static_cast<double>(a[i]) - static_cast<double>(values[i]));
  return sum / static_cast<double>(a.size());
}

void compare(cpu_context& ctx, index_t height, index_t width, bool noise, bool fuse, int rounds) {
  tensor<std::uint8_t> x({1, height, width, 3}), m({1, height, width, 1});
  draw(x, m);
  const cv::Mat photo(static_cast<int>(height), static_cast<int>(width), CV_8UC3, x.data());
  const cv::Mat truth(static_cast<int>(height), static_cast<int>(width), CV_8UC1, m.data());
  cv::Mat cv_image, cv_mask;
  tensor<float> image({1, side, side, 3}), mask({1, side, side, 1});
  const augment::recipe recipe = ten_steps(noise, fuse);
  augment::canvas canvas(ctx);
  double ours = 0, theirs = 0, differ = 0;
  for (int r = -1; r < rounds; ++r) {  // round −1 warms up
    const sample_place place{.seed = 1, .epoch = 0, .sample = r + 1};
    const double our_time = microseconds([&] {
      canvas.start(x, m, recipe.fuse());
      recipe.apply(place, canvas);
      canvas.write_image(image);
      canvas.write_mask(mask);
    });
    const double their_time = microseconds([&] { ten_steps_by_opencv(place, noise, photo, truth, cv_image, cv_mask); });
    if (r < 0) continue;
    ours += our_time / rounds;
    theirs += their_time / rounds;
    differ += difference(image, cv_image) / rounds;
  }
  std::cout << std::left << std::setw(44)
            << to_text(width, "x", height, " to 512x512", noise ? "" : ", no noise", fuse ? "" : ", step by step")
            << std::right << std::fixed << std::setprecision(0) << std::setw(12) << ours << std::setw(12) << theirs
            << std::setprecision(2) << std::setw(8) << theirs / ours << std::setprecision(3) << std::setw(14) << differ
            << std::endl;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("The ten-step recipe beside OpenCV, one thread each");
  int rounds = 100;
  std::string set_name(name(default_isa()));
  app.add_option("--rounds", rounds, "pictures of each")->check(CLI::PositiveNumber);
  app.add_option("--isa", set_name, "portable, neon, avx2 or avx512");
  CLI11_PARSE(app, argc, argv);
  cv::setNumThreads(1);
  cpu_context ctx({.isa = isa_from_name(set_name)});
  std::cout << "OpenCV " << CV_VERSION << ", " << set_name << ", mean of " << rounds << " pictures\n"
            << std::left << std::setw(44) << "ten steps, image and mask, to floats" << std::right << std::setw(12)
            << "lamina us" << std::setw(12) << "OpenCV us" << std::setw(8) << "ratio" << std::setw(14) << "difference"
            << '\n';
  for (const auto& [height, width] : {std::pair<index_t, index_t>{512, 512}, {768, 1024}})
    for (const bool noise : {true, false})
      for (const bool fuse : {true, false}) compare(ctx, height, width, noise, fuse, rounds);
  return 0;
} catch (const std::exception& e) {
  std::cerr << "recipe: " << e.what() << '\n';
  return 1;
}
