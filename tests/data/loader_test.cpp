// SPDX-License-Identifier: Apache-2.0
#include <lamina/augment/flips.hpp>
#include <lamina/core/thread_pool.hpp>
#include <lamina/data/folder_dataset.hpp>
#include <lamina/data/loader.hpp>
#include <lamina/data/recipe_transform.hpp>
#include <lamina/data/synthetic_dataset.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"

#include <atomic>
#include <fstream>
#include <thread>

using namespace lamina;
using namespace lamina::testing;
namespace fs = std::filesystem;

namespace {

/// Pictures that show their number; `slow` samples take a while, so that workers overtake each other.
sample_source numbered_pictures(bool slow = false) {
  return [slow](index_t number, sample_pixels& pixels) {
    if (slow && number % 3 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(number % 5));
    pixels.image = tensor<std::uint8_t>({1, 4, 6, 3});
    pixels.mask = tensor<std::uint8_t>({1, 4, 6, 1});
    for (index_t i = 0; i < pixels.image.size(); ++i) pixels.image[i] = static_cast<std::uint8_t>(number * 7 + i);
    for (index_t i = 0; i < pixels.mask.size(); ++i) pixels.mask[i] = (i + number) % 3 == 0 ? 255 : 0;
  };
}
sample_source broken_at(std::vector<index_t> broken) {
  return [broken, source = numbered_pictures(true)](index_t number, sample_pixels& pixels) {
    if (std::find(broken.begin(), broken.end(), number) != broken.end())
      throw file_error("picture_" + std::to_string(number) + ".jpg", "cut off");
    source(number, pixels);
  };
}
std::vector<index_t> numbers(index_t count) {
  std::vector<index_t> all;
  for (index_t i = 0; i < count; ++i) all.push_back(i + 100);
  return all;
}
/// Left-right and up-down, each with probability ½.
sample_transform flipping_transform(const normalisation& statistics = {}) {
  return recipe_transform(augment::recipe(augment::sequential{augment::mirror{}, augment::flip{}}), statistics);
}
loader_options small(int workers, bool shuffle = true) {
  return {.batch_size = 4, .height = 4, .width = 6, .shuffle = shuffle, .seed = 7, .workers = workers, .queue = 3};
}

/// FNV-1a of everything a batch says.
std::uint64_t hash_of(const batch& b) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  const auto mix = [&](const void* data, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001b3u;
  };
  mix(b.images.data(), static_cast<std::size_t>(b.images.size()) * sizeof(float));
  mix(b.masks.data(), static_cast<std::size_t>(b.masks.size()) * sizeof(float));
  mix(b.samples.data(), b.samples.size() * sizeof(index_t));
  mix(&b.epoch, sizeof b.epoch);
  mix(&b.number, sizeof b.number);
  return hash;
}
/// The hashes of the batches up to the end of epoch `last`, 0 at the end of each.
std::vector<std::uint64_t> hashes_of(loader& batches, index_t epochs) {
  std::vector<std::uint64_t> hashes;
  for (index_t ends = 0; ends < epochs;) {
    const batch* b = batches.next();
    hashes.push_back(b != nullptr ? hash_of(*b) : 0);
    if (b == nullptr) ++ends;
  }
  return hashes;
}

}  // namespace

TEST_CASE("loader: every sample once an epoch, the last batch shorter, another order each epoch") {
  loader batches(numbered_pictures(), numbers(10), basic_transform(), small(2));
  CHECK(batches.batches_per_epoch() == 3);
  std::vector<std::vector<index_t>> orders;
  for (index_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<index_t> order;
    index_t number = 0;
    while (const batch* b = batches.next()) {
      CHECK(b->epoch == epoch);
      CHECK(b->number == number++);
      CHECK(b->images.extents() == shape{number < 3 ? 4 : 2, 4, 6, 3});
      CHECK(b->masks.extents() == shape{number < 3 ? 4 : 2, 4, 6, 1});
      order.insert(order.end(), b->samples.begin(), b->samples.end());
    }
    CHECK(number == 3);
    orders.push_back(order);
    std::sort(order.begin(), order.end());
    CHECK(order == numbers(10));
  }
  CHECK(orders[0] != orders[1]);
  CHECK(orders[1] != orders[2]);
}

TEST_CASE("loader: without shuffling the order stays; drop_last drops") {
  loader_options options = small(1, false);
  options.drop_last = true;
  loader batches(numbered_pictures(), numbers(10), basic_transform(), options);
  CHECK(batches.batches_per_epoch() == 2);
  CHECK(batches.samples_per_epoch() == 8);
  for (int epoch = 0; epoch < 2; ++epoch) {
    CHECK(batches.next()->samples == std::vector<index_t>{100, 101, 102, 103});
    CHECK(batches.next()->samples == std::vector<index_t>{104, 105, 106, 107});
    CHECK(batches.next() == nullptr);
  }
}

TEST_CASE("loader: values are normalised, masks are 0 and 1, flips follow the stream") {
  const normalisation statistics;
  loader_options options = small(2);
  loader batches(numbered_pictures(), numbers(10), flipping_transform(statistics), options);
  int flipped = 0;
  for (int epoch = 0; epoch < 4; ++epoch)
    while (const batch* b = batches.next())
      for (std::size_t n = 0; n < b->samples.size(); ++n) {
        const sample_place place{options.seed, b->epoch, b->samples[n]};
        const bool mirror = place.stream(1).uniform() <= 0.5f, flip = place.stream(2).uniform() <= 0.5f;
        flipped += mirror + flip;
        sample_pixels expected;
        numbered_pictures()(b->samples[n], expected);
        double worst = 0;
        for (index_t h = 0; h < 4; ++h)
          for (index_t w = 0; w < 6; ++w) {
            const index_t y = flip ? 3 - h : h, x = mirror ? 5 - w : w;
            for (index_t c = 0; c < 3; ++c) {
              const auto i = static_cast<std::size_t>(c);
              const double value = (expected.image(0, y, x, c) / 255.0 - statistics.mean[i]) / statistics.deviation[i];
              worst = std::max(worst, std::abs(value - b->images(static_cast<index_t>(n), h, w, c)));
            }
            CHECK(b->masks(static_cast<index_t>(n), h, w, 0) == (expected.mask(0, y, x, 0) == 255 ? 1.0f : 0.0f));
          }
        CHECK(worst < 1e-5);
      }
  CHECK(flipped > 20);
  CHECK(flipped < 60);
}

TEST_CASE("loader: the same batches for any number of workers") {
  std::vector<std::uint64_t> expected;
  for (const int workers : {0, 1, 2, 4}) {
    CAPTURE(workers);
    loader batches(numbered_pictures(true), numbers(23), flipping_transform(), small(workers));
    const auto hashes = hashes_of(batches, 3);
    if (workers == 0) expected = hashes;
    CHECK(hashes.size() == 3 * 7);
    CHECK(hashes == expected);
  }
}

TEST_CASE("loader: a run continues where it was cut") {
  loader whole(numbered_pictures(), numbers(23), flipping_transform(), small(2));
  const auto expected = hashes_of(whole, 3);
  for (const auto& start : {std::pair<index_t, index_t>{1, 0}, {1, 4}, {1, 6}, {2, 5}, {0, 3}}) {
    const index_t epoch = start.first, number = start.second;
    CAPTURE(epoch);
    CAPTURE(number);
    loader_options options = small(3);
    options.first_epoch = epoch;
    options.first_batch = number;
    loader rest(numbered_pictures(), numbers(23), flipping_transform(), options);
    const auto hashes = hashes_of(rest, 3 - epoch);
    CHECK(std::equal(hashes.begin(), hashes.end(), expected.begin() + epoch * 7 + number, expected.end()));
  }
}

TEST_CASE("loader: an unreadable sample stops with its name, at the batch it belongs to") {
  for (const int workers : {0, 3}) {
    CAPTURE(workers);
    loader batches(broken_at({106, 105}), numbers(12), basic_transform(), small(workers, false));
    CHECK(batches.next()->samples.front() == 100);
    check_error([&] { batches.next(); }, "picture_105.jpg: cut off");
    check_error([&] { batches.next(); }, "picture_105.jpg: cut off");
  }
}

TEST_CASE("loader: a skipped sample is counted and leaves the others in their places") {
  loader_options options = small(3);
  loader whole(numbered_pictures(), numbers(12), basic_transform(), options);
  options.policy = reading_policy::skip;
  loader skipping(broken_at({101, 106, 107}), numbers(12), basic_transform(), options);
  while (const batch* all = whole.next()) {
    const batch* some = skipping.next();
    REQUIRE(some != nullptr);
    CHECK(some->number == all->number);
    std::vector<index_t> left;
    for (std::size_t n = 0; n < all->samples.size(); ++n) {
      const index_t sample = all->samples[n];
      if (sample == 101 || sample == 106 || sample == 107) continue;
      CHECK(same_bits(some->images.images(static_cast<index_t>(left.size())),
                      all->images.images(static_cast<index_t>(n))));
      CHECK(
          same_bits(some->masks.images(static_cast<index_t>(left.size())), all->masks.images(static_cast<index_t>(n))));
      left.push_back(sample);
    }
    CHECK(some->samples == left);
    CHECK(some->images.extents().n == static_cast<index_t>(left.size()));
  }
  CHECK(skipping.next() == nullptr);
  CHECK(skipping.skipped().size() == 3);
  CHECK(skipping.skipped().at(106) == "picture_106.jpg: cut off");
}

TEST_CASE("loader: an empty batch is passed over; nothing readable at all is an error") {
  loader_options options = small(2, false);
  options.policy = reading_policy::skip;
  loader batches(broken_at({104, 105, 106, 107}), numbers(12), basic_transform(), options);
  CHECK(batches.next()->number == 0);
  CHECK(batches.next()->number == 2);
  CHECK(batches.next() == nullptr);
  loader nothing(broken_at(numbers(5)), numbers(5), basic_transform(), options);
  check_error([&] { nothing.next(); }, "none of the 5 samples can be read; picture_100.jpg: cut off");
}

TEST_CASE("loader: a mistake in the transform is never skipped") {
  loader_options options = small(2, false);
  options.policy = reading_policy::skip;
  const auto wrong = [](const sample_place&, tensor<std::uint8_t>&, tensor<std::uint8_t>&, view<float>, view<float>) {
    fail("no such step");
  };
  loader batches(numbered_pictures(), numbers(5), wrong, options);
  check_error([&] { batches.next(); }, "no such step");
}

TEST_CASE("loader: stops at any time") {
  for (int taken = 0; taken < 30; ++taken) {
    loader batches(numbered_pictures(true), numbers(9), basic_transform(), small(1 + taken % 4));
    for (int i = 0; i < taken % 7; ++i) batches.next();
  }
  CHECK(true);
}

TEST_CASE("loader: nothing but the first batches is allocated for images") {
  loader batches(numbered_pictures(), numbers(40), basic_transform(), small(2));
  std::vector<const float*> places;
  for (int i = 0; i < 25; ++i)
    if (const batch* b = batches.next()) places.push_back(b->images.data());
  std::sort(places.begin(), places.end());
  CHECK(std::unique(places.begin(), places.end()) - places.begin() == 3);
}

TEST_CASE("loader: options out of range are refused") {
  const auto make = [](const loader_options& options, index_t samples = 3) {
    loader(numbered_pictures(), numbers(samples), basic_transform(), options);
  };
  check_error([&] { make({.batch_size = 0}); }, "loader: batches of 0 images");
  check_error([&] { make({.workers = -1}); }, "-1 workers");
  check_error([&] { make({.queue = 1}); }, "queue 1");
  check_error([&] { make({}, 0); }, "no samples");
  check_error([&] { make({.batch_size = 4, .drop_last = true}); }, "3 samples do not fill a batch of 4");
  check_error([&] { make({.batch_size = 2, .first_batch = 3}); }, "start at epoch 0, batch 3; an epoch has 2 batches");
}

TEST_CASE("loader: from files, with and without cache, and what is wrong with files") {
  const temporary_folder root;
  thread_pool workers(2);
  write_synthetic_dataset(workers, root.path(), {.training = 5, .validation = 0, .test = 0, .height = 40, .width = 48});
  const dataset data = *read_folder_dataset(root.path());
  const loader_options options{.batch_size = 2, .height = 16, .width = 24, .shuffle = true, .seed = 3};
  std::vector<std::uint64_t> expected;
  for (const std::size_t cache : {std::size_t{0}, std::size_t{16 * 24 * 4 * 2}, std::size_t{1} << 20}) {
    CAPTURE(cache);
    loader batches(dataset_source(data, {.height = 16, .width = 24, .cache_bytes = cache}), data.split("training"),
                   flipping_transform(), options);
    const auto hashes = hashes_of(batches, 3);
    if (expected.empty()) expected = hashes;
    CHECK(hashes == expected);
  }

  // A file that the cache holds is not read again.
  const sample_source cached = dataset_source(data, {.height = 16, .width = 24});
  sample_pixels pixels;
  cached(1, pixels);
  std::ofstream(data.samples[1].image, std::ios::trunc) << "";
  CHECK_NOTHROW(cached(1, pixels));
  check_error([&] { read_sample(data.samples[1]); }, data.samples[1].image.string() + ": ");

  const auto small_mask =
      resized(read_image(data.samples[2].mask, {.channels = 1}).view(), interpolation::nearest, 10, 12);
  write_png(data.samples[2].mask, small_mask.view());
  check_error([&] { read_sample(data.samples[2]); }, "mask of 12×10 pixels for an image of 48×40");

  dataset unlabelled = data;
  unlabelled.samples[3].mask.clear();
  const std::string refusal = data.samples[3].image.string() + ": sample 'lesion_000003' has no mask; training and";
  check_error([&] { read_sample(unlabelled.samples[3]); }, refusal);
  check_error([&] { dataset_source(unlabelled, {}); }, refusal);
  unlabelled.samples[3].labels = {1};
  unlabelled.splits.clear();
  check_error([&] { dataset_source(unlabelled, {}); }, "has a class but no mask; training and evaluation need one");
}
