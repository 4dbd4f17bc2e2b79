// SPDX-License-Identifier: Apache-2.0
// Shows what a recipe makes of pictures: a sheet with a row for each picture, the picture itself first, then draws.
//
//     preview examples/recipes/lesions.aug photo.jpg more_photos --masks masks --draws 6 --seed 1 --out sheet.png
//
// The outline of the mask is drawn in green where there is one. The draws are those that a trainer with the same seed
// would see in its first epochs, were these its pictures. `preview --list` prints every augmentation of the language.
#include <lamina/augment/language_reference.hpp>
#include <lamina/augment/parse.hpp>
#include <lamina/augment/recipes.hpp>
#include <lamina/data/image_files.hpp>
#include <lamina/data/recipe_normalisation.hpp>
#include <lamina/image/overlay.hpp>
#include <lamina/image/read.hpp>
#include <lamina/image/write.hpp>

#include <CLI/CLI.hpp>

#include <iostream>

using namespace lamina;

namespace {

struct command {
  std::string recipe;
  std::vector<std::filesystem::path> images;
  std::filesystem::path masks, out = "sheet.png";
  index_t draws = 6, cell = 256, size = 256;
  std::uint64_t seed = 1;
  bool no_fuse = false;
};

augment::recipe recipe_of(const command& c) {
  const auto named = augment::recipe_named(c.recipe, {c.size, c.size});
  return (named ? *named : augment::read_recipe(c.recipe)).with_fuse(!c.no_fuse);
}

/// What a recipe made as bytes to look at: of floats, 255 · (v · deviation + mean).
tensor<std::uint8_t> visible(const augment::augmented::picture& made, std::span<const float> mean,
                             std::span<const float> deviation) {
  if (const auto* bytes = std::get_if<tensor<std::uint8_t>>(&made)) return bytes->clone();
  const auto& floats = std::get<tensor<float>>(made);
  tensor<std::uint8_t> bytes(floats.extents(), uninitialized);
  denormalize(floats.view(), mean, deviation, bytes);
  return bytes;
}

/// A cell of the sheet: the picture, enlarged or made small to the cell, with the mask's outline.
tensor<std::uint8_t> cell_of(const command& c, tensor<std::uint8_t> image, tensor<std::uint8_t> mask) {
  const auto [N, H, W, C] = image.extents();
  const double scale = static_cast<double>(c.cell) / static_cast<double>(std::max(H, W));
  const auto scaled = [scale](index_t side) {
    return std::max<index_t>(1, static_cast<index_t>(static_cast<double>(side) * scale));
  };
  fit_image(image, scaled(H), scaled(W));
  if (mask.empty()) return image;
  mask = resized(mask.view(), interpolation::nearest, scaled(H), scaled(W));
  draw_mask_contour(image, mask, truth_colour, std::max<double>(1, static_cast<double>(c.cell / 200)));
  return image;
}

void preview(const command& c) {
  const augment::recipe recipe = recipe_of(c);
  const normalisation undone = normalisation_of(recipe).value_or(normalisation{});
  constexpr std::array<float, 1> zero{0}, one{1};  // masks of floats are 0 and 1
  const auto files = image_files(c.images);
  const auto masks = c.masks.empty() ? std::map<std::string, std::filesystem::path>{} : images_by_name(c.masks);

  const bool resizes = recipe.deterministic_prefix().root().nodes() > 1;
  std::vector<tensor<std::uint8_t>> cells;
  std::vector<std::string> captions;
  for (std::size_t i = 0; i < files.size(); ++i) {
    tensor<std::uint8_t> image = read_image(files[i], {.channels = 3}), mask;
    if (const auto found = masks.find(pairing_name(files[i])); found != masks.end())
      mask = read_image(found->second, {.channels = 1});
    else if (!c.masks.empty())
      throw file_error(files[i].string(), "no mask of its name in " + c.masks.string());
    if (!resizes) {  // as the trainer brings images to the network's size first
      fit_image(image, c.size, c.size);
      if (!mask.empty()) fit_mask(mask, c.size, c.size);
    }
    cells.push_back(cell_of(c, image.clone(), mask.empty() ? tensor<std::uint8_t>() : mask.clone()));
    captions.push_back(files[i].filename().string());
    for (index_t draw = 0; draw < c.draws; ++draw) {
      const sample_place place{c.seed, draw, static_cast<index_t>(i)};
      augment::augmented made = recipe.apply(place, image.view(), as_const(mask.view()));
      tensor<std::uint8_t> outline;
      if (!mask.empty()) outline = visible(made.mask, zero, one);
      cells.push_back(cell_of(c, visible(made.image, undone.mean, undone.deviation), std::move(outline)));
      captions.push_back(to_text("draw ", draw + 1));
    }
  }
  std::vector<captioned_image> sheet;
  for (std::size_t i = 0; i < cells.size(); ++i) sheet.push_back({cells[i].view(), captions[i]});
  write_png(c.out, contact_sheet(sheet, {.columns = c.draws + 1,
                                         .cell_height = c.cell,
                                         .cell_width = c.cell,
                                         .title = c.recipe + to_text(", seed ", c.seed)})
                       .view());
  std::cout << "written: " << c.out.string() << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Draws what an augmentation recipe makes of pictures on one sheet.");
  command c;
  app.option_defaults()->always_capture_default();
  app.add_flag_callback(
      "--list",
      [] {
        std::cout << augment::language_reference();
        throw CLI::Success();
      },
      "print every augmentation of the language with its parameters, and end");
  app.add_option("recipe", c.recipe, "a file in the augmentation language, or lesions, ten_step, pipeline")->required();
  app.add_option("images", c.images, "pictures, or folders of them")->required()->type_name("IMAGE|FOLDER");
  app.add_option("--masks", c.masks, "folder of their masks, NAME.png or NAME_segmentation.png")->type_name("FOLDER");
  app.add_option("--draws", c.draws, "how often each picture is drawn")->check(CLI::Range(1, 100));
  app.add_option("--seed", c.seed);
  app.add_option("--size", c.size, "of the network: what recipes that do not resize are given")
      ->check(CLI::Range(1, 8192));
  app.add_option("--cell", c.cell, "pixels of a picture on the sheet, across and down")->check(CLI::Range(16, 2048));
  app.add_option("--out,-o", c.out, "the sheet, a PNG file");
  app.add_flag("--no-fuse", c.no_fuse, "carry out each step on its own");
  CLI11_PARSE(app, argc, argv);
  try {
    preview(c);
  } catch (const std::exception& problem) {
    std::cerr << "preview: " << problem.what() << '\n';
    return 1;
  }
}
