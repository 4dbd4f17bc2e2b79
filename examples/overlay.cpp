// SPDX-License-Identifier: Apache-2.0
// From a photograph to the outline of the lesion in it, step by step, in a page:
//
//     overlay run/best.safetensors photo.jpg outlined            (and, to compare, truth.png behind it)
//
// writes outlined.png, as large as the photograph, and outlined_network.png, what the network saw. The prediction's
// outline is red, the truth's green. `predict` does the same for many photographs, and more.
#include <lamina/data/mask_files.hpp>
#include <lamina/image/components.hpp>
#include <lamina/image/contours.hpp>
#include <lamina/image/overlay.hpp>
#include <lamina/image/read.hpp>
#include <lamina/image/threshold.hpp>
#include <lamina/image/write.hpp>
#include <lamina/predict/predictor.hpp>

#include <array>
#include <iostream>
#include <string>

using namespace lamina;

namespace {

/// 255 where the probability, as a byte, is at least half.
tensor<std::uint8_t> mask_of(cpu_context& ctx, tensor<float> probability) {
  scale(ctx, 255, probability.view());
  tensor<std::uint8_t> mask = convert_to<std::uint8_t>(probability);
  threshold(ctx, mask.view(), 127, threshold_side::above, mask.view());
  return mask;
}

/// Labels the lesions, follows their contours, and paints these.
void paint(tensor<std::uint8_t>& photo, const tensor<std::uint8_t>& mask, colour paint_in, const std::string& file) {
  const auto [labels, components] = connected_components(mask.view());
  const contour_set contours = find_contours(mask.view());
  draw_contours(photo.view(), contours, paint_in);
  std::cout << file << ": " << components.size() - 1 << " components, " << contours.size() << " contours of "
            << contours.points.size() << " pixels\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc > 5) {
    std::cerr << "usage: overlay WEIGHTS PHOTO OUT [TRUTH]\nFor research only; not a medical device.\n";
    return argc == 2 && std::string(argv[1]) == "--help" ? 0 : 2;
  }
  try {
    const std::filesystem::path weights = argv[1], photo = argv[2];
    const std::string out = argv[3];
    const predictor<float> lesions(weights);
    cpu_context ctx;
    predictor<float>::session session(lesions, ctx);

    network_prediction said = std::move(session.at_network_size(std::array{photo}).front());
    tensor<std::uint8_t> image = read_image(photo, {.channels = 3});
    if (argc == 5) {
      paint(image, read_mask(argv[4]), truth_colour, argv[4]);
    }
    paint(image, mask_of(ctx, session.enlarged(said)), prediction_colour, out + ".png");
    paint(said.seen, mask_of(ctx, std::move(said.probability)), prediction_colour, out + "_network.png");
    write_png(out + ".png", image.view());
    write_png(out + "_network.png", said.seen.view());
  } catch (const std::exception& problem) {
    std::cerr << "overlay: " << problem.what() << '\n';
    return 1;
  }
}
