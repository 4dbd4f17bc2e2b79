// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>

#include "../support/augmentation.hpp"
#include "../support/paths.hpp"

using namespace lamina;
using namespace lamina::testing;
using augment::recipe;
using augment::sequential;

namespace {

/// A user's own augmentation: writes down the first number that its stream gives.
struct listener {
  std::shared_ptr<std::vector<float>> heard;
  void operator()(augment::canvas&, random_stream& random) const { heard->push_back(random.uniform()); }
};
/// Another, which changes pixels one by one and as a whole.
struct invert {
  void operator()(augment::canvas& c, random_stream&) const {
    c.map_pixels([](float v) { return 255 - v; });
    c.change_image([](const auto& x) { x(0, 0, 0, 0) = 7; });
  }
};
/// One that looks at image and mask together.
struct blacken_outside {
  void operator()(augment::canvas& c, random_stream&) const {
    const view<const std::uint8_t> m = c.mask<std::uint8_t>();
    c.change_image([&](const auto& x) {
      for (index_t i = 0; i < x.size(); ++i)
        if (m.data()[i / x.extents().c] == 0) x.data()[i] = 0;
    });
  }
};
/// A user's own container: the last child only.
struct last_of {
  std::vector<augment::augmentation> children;
  void operator()(augment::canvas& c, const augment::node_place& at) const {
    std::uint32_t position = at.position + 1;
    for (std::size_t i = 0; i + 1 < children.size(); ++i) position += children[i].nodes();
    children.back().apply(c, {at.sample, position});
  }
};

recipe ten_steps(bool fuse = true) {
  return augment::read_recipe(repository_folder() / "examples" / "recipes" / "ten_step.aug", fuse);
}

}  // namespace

TEST_CASE("recipe: the same place gives the same picture, any other place another") {
  const auto x = smooth_picture(60, 80), m = ellipse_mask(60, 80);
  const recipe r = ten_steps();
  const auto at = [&](sample_place place) { return r.apply(place, x.view(), m.view()); };
  const auto first = at({.seed = 3, .epoch = 1, .sample = 5});
  const auto again = at({.seed = 3, .epoch = 1, .sample = 5});
  CHECK(same_picture(first.image, again.image));
  CHECK(same_picture(first.mask, again.mask));
  for (const sample_place& other : {sample_place{4, 1, 5}, sample_place{3, 2, 5}, sample_place{3, 1, 6}})
    CHECK(!same_picture(first.image, at(other).image));
}

TEST_CASE("recipe: the given pixels are not changed, and a mask may be absent") {
  const auto x = smooth_picture(60, 80), m = ellipse_mask(60, 80), kept = x.clone(), kept_mask = m.clone();
  const auto with = ten_steps().apply({.seed = 3}, x.view(), m.view());
  const auto without = ten_steps().apply({.seed = 3}, x.view());
  CHECK(same_picture(with.image, without.image));
  CHECK(bytes(without.mask).empty());
  CHECK(same_bits<std::uint8_t>(x.view(), kept.view()));
  CHECK(same_bits<std::uint8_t>(m.view(), kept_mask.view()));
}

TEST_CASE("recipe: steps are numbered in a walk through the whole, whoever is chosen") {
  auto heard = std::make_shared<std::vector<float>>();
  const listener ear{heard};
  const recipe r(
      sequential{ear, augment::one_of{.p = 0.5f, .children = {sequential{augment::mirror{}, ear}, ear}}, ear});
  //             0          1    2                                       3          4                  5    6    7
  CHECK(r.root().nodes() == 8);
  const auto x = random_picture(4, 4);
  std::set<std::size_t> counts;
  for (index_t sample = 0; sample < 40; ++sample) {
    heard->clear();
    const sample_place place{.seed = 1, .sample = sample};
    r.apply(place, x.view());
    const auto number = [&](std::uint32_t position) { return place.stream(position).uniform(); };
    random_stream choice = place.stream(2);
    const bool applied = choice.uniform() <= 0.5f;
    const std::uint32_t chosen = choice.below(2);
    std::vector<float> expected{number(1)};
    if (applied) expected.push_back(number(chosen == 0 ? 5 : 6));
    expected.push_back(number(7));
    CHECK(*heard == expected);
    counts.insert(applied ? chosen : 2);
  }
  CHECK(counts.size() == 3);
}

TEST_CASE("recipe: one_of applies each child as often as it should") {
  auto first = std::make_shared<std::vector<float>>(), second = std::make_shared<std::vector<float>>();
  const recipe r(augment::one_of{.p = 0.3f, .children = {listener{first}, listener{second}}});
  const auto x = random_picture(1, 1);
  constexpr index_t trials = 4000;
  for (index_t sample = 0; sample < trials; ++sample) r.apply({.seed = 2, .sample = sample}, x.view());
  for (const auto* heard : {&*first, &*second}) {  // 0.15 each, five standard deviations
    const double share = static_cast<double>(heard->size()) / trials;
    CHECK(std::abs(share - 0.15) < 5 * std::sqrt(0.15 * 0.85 / trials));
  }
}

TEST_CASE("recipe: augmentations and containers of a user's own") {
  const auto x = random_picture(5, 6);
  const auto made = augmented_bytes(sequential{augment::mirror{1}, invert{}}, x);
  for (index_t h = 0; h < 5; ++h)
    for (index_t w = 0; w < 6; ++w)
      for (index_t c = 0; c < 3; ++c)
        if (h + w + c > 0) CHECK(made(0, h, w, c) == 255 - x(0, h, 5 - w, c));
  CHECK(made(0, 0, 0, 0) == 7);

  const auto m = ellipse_mask(5, 6);
  const auto cut = recipe(sequential{augment::flip{1}, blacken_outside{}}).apply({}, x.view(), m.view());
  for (index_t h = 0; h < 5; ++h)
    for (index_t w = 0; w < 6; ++w)
      CHECK(bytes(cut.image)(0, h, w, 1) == (m(0, 4 - h, w, 0) == 0 ? 0 : x(0, 4 - h, w, 1)));

  auto heard = std::make_shared<std::vector<float>>();
  recipe(last_of{{augment::flip{}, listener{heard}}}).apply({.seed = 9}, x.view());
  CHECK(*heard == std::vector{sample_place{.seed = 9}.stream(2).uniform()});
  check_error(
      [] {
        to_text(recipe(sequential{augment::mirror{}, invert{}}));
      },
      "augment::to_text: the recipe holds an augmentation of the caller's own, which has no name");
}

TEST_CASE("recipe: fused functions of single values and moved pixels are the same bits") {
  using namespace augment;
  const std::vector<augmentation> recipes{
      sequential{gamma_contrast{{0.6f, 0.9f}}, brightness{{-40, 40}}, augment::mirror{1}, gamma_contrast{{1.2f, 1.9f}}},
      sequential{scale_from_to{20, 200, 0, 255}, augment::to_float{255, 255},
                 augment::normalize{{0.5f, 0.4f, 0.3f}, {0.1f, 0.2f, 0.3f}}, brightness{{0.1f, 0.2f}}},
      sequential{augment::normalize{{128}, {64}}, gamma_contrast{{0.5f, 2}}, augment::transpose{1}, div_by_255{}},
      sequential{augment::flip{1}, augment::transpose{1}, center_crop{{{40, 21}}}, augment::mirror{1},
                 random_crop{{17, 13}}, brightness{{5, 6}}, additive_poisson_noise{{3, 4}}},
      sequential{augment::rotate{{180, 180}, {{39.5f, 29.5f}}}, augment::rotate{{-90, -90}, {{29.5f, 29.5f}}}},
      sequential{resize_dim{{50, 70}, interpolation::cubic}, augment::mirror{1}, augment::transpose{1},
                 center_crop{{{33, 44}}}, gamma_contrast{{0.5f, 1}}},
      sequential{scale_to{10, 100}, augment::gaussian_blur{{1, 2}}, scale_to{0, 255}, salt{{0.1f, 0.2f}, 0}},
      // Floats that no table knows any more: functions in a row, of all channels and of each, about moves and warps.
      sequential{div_by_255{}, augment::gaussian_blur{{1, 2}}, brightness{{0.1f, 0.2f}}, gamma_contrast{{0.5f, 2}},
                 augment::normalize{{0.5f, 0.4f, 0.3f}, {0.1f, 0.2f, 0.3f}}, scale_from_to{-2, 2, 0, 1}},
      sequential{augment::to_float{}, augment::gaussian_blur{{1, 2}}, brightness{{20, 30}}, augment::mirror{1},
                 augment::transpose{1}, gamma_contrast{{0.5f, 2}}, shades_of_grey{}, brightness{{-20, -10}}},
      sequential{div_by_255{}, augment::gaussian_blur{{1, 2}}, augment::rotate{{10, 20}}, brightness{{0.1f, 0.2f}},
                 gamma_contrast{{0.5f, 2}}, resize_dim{{50, 70}}, brightness{{0.1f, 0.2f}}, div_by_255{}},
  };
  const auto x = random_picture(60, 80), m = ellipse_mask(60, 80);
  for (const augmentation& root : recipes) {
    CAPTURE(to_text(root));
    for (index_t sample = 0; sample < 4; ++sample) {
      const sample_place place{.seed = 6, .sample = sample};
      const auto fused = recipe(root, true).apply(place, x.view(), m.view());
      const auto single = recipe(root, false).apply(place, x.view(), m.view());
      CHECK(same_picture(fused.image, single.image));
      CHECK(same_picture(fused.mask, single.mask));
    }
  }
}

TEST_CASE("recipe: functions of single values of floats wait for each other") {
  using namespace augment;
  const auto x = random_picture(20, 30);
  for (const bool fuse : {true, false}) {
    bool waited = false;
    const auto look = [&waited](canvas& c, random_stream&) { waited = c.image_layer().waits(); };
    recipe(sequential{div_by_255{}, augment::gaussian_blur{{1, 2}}, brightness{{0.1f, 0.2f}}, look}, fuse)
        .apply({}, x.view());
    CHECK(waited == fuse);
  }
}

TEST_CASE("recipe: fused warps are close to the single ones") {
  using namespace augment;
  const std::vector<augmentation> recipes{
      sequential{resize_dim{{120, 120}, interpolation::cubic}, augment::mirror{1}, augment::flip{1},
                 rotate{{-180, 180}}},
      sequential{rotate{{-180, 180}, {}, 1, interpolation::cubic}, resize_scale{{1, 1.5f}, interpolation::cubic},
                 center_crop{{{100, 100}}}, augment::transpose{1}},
      sequential{rotate{{-30, 30}}, rotate{{-30, 30}}},  // what the first one cut off must not come back
      sequential{center_crop{{{90, 60}}}, rotate{{20, 40}}},
      sequential{resize_dim{{60, 50}, interpolation::area}, rotate{{10, 20}}, resize_dim{{90, 80}}},
      sequential{resize_dim{{200, 90}}, random_crop{{220, 80}, border::reflect}, elastic_transform{{8, 9}, {3, 4}}},
      sequential{rotate{{20, 30}}, brightness{{30, 40}}, rotate{{20, 30}}},
      sequential{perspective{{0.05f, 0.1f}}, affine{{-20, 20}, {0.9f, 1.1f}}, perspective{{0.05f, 0.1f}}},
      sequential{rotate{{-20, 20}}, elastic_transform{{10, 15}, {3, 4}}, rotate{{-20, 20}}},
      sequential{elastic_transform{{20, 25}, {4, 5}}, augment::transpose{1}, grid_distortion{{3, 5}, {-0.2f, 0.2f}}},
      sequential{optical_distortion{{-0.5f, -0.4f}, {0, 5}, interpolation::cubic}, resize_dim{{120, 120}},
                 random_crop{{130, 100}, border::reflect}, grid_distortion{{3, 5}, {-0.2f, 0.2f}}},
      sequential{elastic_transform{{10, 15}, {3, 4}}, rotate{{20, 30}}, elastic_transform{{10, 15}, {3, 4}}},
      sequential{elastic_transform{{10, 15}, {3, 4}, interpolation::linear, border::wrap},
                 grid_distortion{{3, 5}, {0.3f, 0.4f}, interpolation::linear, border::wrap},
                 optical_distortion{{0.3f, 0.4f}, {}}},
      sequential{resize_dim{{150, 120}},
                 grid_distortion{{3, 5}, {0.2f, 0.3f}, interpolation::linear, border::constant, 200}},
      sequential{affine{{-20, 20}, {0.5f, 0.6f}, {}, {}, interpolation::linear, border::replicate},
                 affine{{-20, 20}, {0.5f, 0.6f}, {}, {}, interpolation::linear, border::constant, 90}},
      sequential{letterbox{{100, 100}}, optical_distortion{{0.2f, 0.3f}, {}}, rotate{{-180, 180}}},
  };
  const auto x = smooth_picture(130, 170), m = ellipse_mask(130, 170);
  for (const augmentation& root : recipes) {
    CAPTURE(to_text(root));
    for (index_t sample = 0; sample < 4; ++sample) {
      const sample_place place{.seed = 6, .sample = sample};
      const auto fused = recipe(root, true).apply(place, x.view(), m.view());
      const auto single = recipe(root, false).apply(place, x.view(), m.view());
      CHECK(mean_difference(bytes(fused.image), bytes(single.image)) < 2);
      CHECK(mean_difference(bytes(fused.mask), bytes(single.mask)) < 0.012 * 255);
    }
  }
}

TEST_CASE("recipe: warps of every kind that undo each other leave the pixels as they were, as there is one in all") {
  using namespace augment;
  const rotate there{{37, 37}, {{40, 30}}}, back{{-37, -37}, {{40, 30}}};
  const elastic_transform still{{0, 0}, {3, 3}};
  const grid_distortion even{{5, 5}, {0, 0}};
  const perspective flat{{0, 0}};
  const std::vector<augmentation> recipes{
      sequential{there, back},
      sequential{there, still, back},
      sequential{even, there, flat, back},
      sequential{flat, there, even, back, still},
      sequential{there, augment::mirror{1}, even, augment::mirror{1}, back},
      sequential{still, augment::transpose{1}, augment::flip{1}, flat, augment::flip{1}, augment::transpose{1}},
  };
  const auto x = random_picture(61, 81), m = ellipse_mask(61, 81);
  for (const augmentation& root : recipes) {
    CAPTURE(to_text(root));
    const auto made = recipe(root).apply({}, x.view(), m.view());
    index_t changed = 0;
    for (index_t h = 10; h < 51; ++h)  // what a turn takes out of the picture, the next can't bring back
      for (index_t w = 20; w < 61; ++w) {
        for (index_t c = 0; c < 3; ++c) changed += bytes(made.image)(0, h, w, c) != x(0, h, w, c);
        changed += bytes(made.mask)(0, h, w, 0) != m(0, h, w, 0);
      }
    CHECK(changed == 0);
  }
}

TEST_CASE("recipe: the same bits on every instruction set and with any number of threads") {
  const auto x = smooth_picture(150, 200), m = ellipse_mask(150, 200);
  const sample_place place{.seed = 8, .sample = 2};
  thread_pool pool(3);
  for (const bool fuse : {true, false})
    for (const char* file : {"ten_step.aug", "pipeline.aug", "lesions.aug"}) {
      CAPTURE(file);
      const auto r = augment::read_recipe(repository_folder() / "examples" / "recipes" / file, fuse);
      cpu_context portable({.isa = isa::portable}), threaded({.workers = &pool, .isa = isa::portable});
      const auto expected = r.apply(portable, place, x.view(), m.view());
      const auto by_three = r.apply(threaded, place, x.view(), m.view());
      CHECK(same_picture(by_three.image, expected.image));
      CHECK(same_picture(by_three.mask, expected.mask));
      for_each_isa([&](cpu_context& ctx) {
        const auto made = r.apply(ctx, place, x.view(), m.view());
        CHECK(same_picture(made.image, expected.image));
        CHECK(same_picture(made.mask, expected.mask));
      });
    }
}

TEST_CASE("recipe: the deterministic prefix, kept, and the rest give what the whole gives") {
  using namespace augment;
  const recipe whole(sequential{resize_dim{{50, 40}, interpolation::cubic}, center_crop{{{36, 38}}}, augment::mirror{},
                                resize_scale{{2, 2}}, additive_poisson_noise{{0, 10}}},
                     false);
  const recipe prefix = whole.deterministic_prefix(), rest = whole.after_prefix();
  CHECK(to_text(prefix) ==
        "SequentialAugmentationContainer\n"
        "  AugResizeDim dims=(50,40) interp=\"cubic\" gt_interp=\"nearest\"\n"
        "  AugCenterCrop size=(36,38)\n"
        "end\n");
  CHECK(rest.root().children()->size() == 3);
  const auto x = random_picture(60, 80), m = ellipse_mask(60, 80);
  const auto kept = prefix.apply({}, x.view(), m.view());
  for (index_t sample = 0; sample < 5; ++sample) {
    const sample_place place{.seed = 5, .sample = sample};
    const auto expected = whole.apply(place, x.view(), m.view());
    const auto made = rest.apply(place, bytes(kept.image).view(), bytes(kept.mask).view());
    CHECK(same_picture(made.image, expected.image));
    CHECK(same_picture(made.mask, expected.mask));
  }
  const recipe flips(augment::mirror{});
  CHECK(to_text(flips.deterministic_prefix()) == "SequentialAugmentationContainer\nend\n");
  CHECK(to_text(flips.after_prefix()) == "AugMirror p=0.5\n");
}

TEST_CASE("recipe: wrong pictures are refused") {
  const auto x = random_picture(5, 6), m = ellipse_mask(6, 5);
  const recipe r(augment::mirror{});
  check_error([&] { r.apply({}, x.view(), m.view()); },
              "augment::canvas: mask [1,6,5,1] is not [1,5,6,1], as the image [1,5,6,3] asks for");
  check_error([&] { r.apply({}, view<const std::uint8_t>{}); }, "augment::canvas: image [0,0,0,0] is not [1,H,W,C]");
  check_error(
      [&] {
        augmented_floats(augment::normalize{{1, 2}, {3}}, x);
      },
      "AugNormalize: 2 means and 1 deviations for 3 channels");
  check_error(
      [&] {
        augmented_bytes(augment::center_crop{{{7, 2}}}, x);
      },
      "AugCenterCrop: 7×2 pixels can't be cut from 6×5");
  check_error(
      [&] {
        augmented_bytes(augment::resize_scale{{1e6f, 1}}, x);
      },
      "AugResizeScale: 6×5 pixels by (1e+06, 1) are 1000000×5: 1000000 is not between 1 and 65536");
}
