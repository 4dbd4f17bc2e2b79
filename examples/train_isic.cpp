// SPDX-License-Identifier: Apache-2.0
// Trains UNet or SegNet to outline the lesion in dermoscopic photographs, and says how well it does.
//
//     train_isic isic2017 --model unet --base 16 --size 128 --epochs 20 --out run      (a folder, or a YAML file)
//     train_isic synthetic:400 --base 8 --size 96 --epochs 10 --out run                (made-up lesions)
//     train_isic --resume run                                                          (after Ctrl-C, or a power cut)
//
// run/best.safetensors is what `predict` takes; run/report.html and run/summary.json say what came out of it.
#include <lamina/train/checkpoint.hpp>

#include "given_options.hpp"
#include "train_command.hpp"
#include "train_run.hpp"

#include <iostream>

using namespace lamina;
using train_isic::command;

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  CLI::App app(
      "Trains a network to outline lesions in dermoscopic photographs. For research only; not a medical device.");
  command c;
  declare(app, c);
  given_options given;  // those of a run that goes on, then what is different now
  try {
    given.parse(app, arguments, "resume");
    if (!c.as.empty()) {
      given.parse(app, train_isic::words_of_preset(c.as, c.network.at("model")), "resume");
      given.parse(app, arguments, "resume");
    }
    if (!c.resume.empty()) {
      const std::filesystem::path folder = c.resume;
      const auto before = open_checkpoint(folder / "checkpoint.safetensors").metadata("notes.arguments");
      given.parse_text(app, before, "resume");
      given.parse(app, arguments, "resume");
      for (const char* fixed : {"--out", "--checkpoints", "--name"})
        require(app.get_option(fixed)->count() == 0, fixed, ": a run goes on where it was; leave it out with --resume");
      (c.checkpoints.empty() ? c.out : c.checkpoints) = folder;  // wherever it was moved to
    }
    if (!c.name.empty() && (c.resume.empty() || !c.checkpoints.empty())) c.out /= c.name;
    if (c.checkpoints.empty()) c.checkpoints = c.out;
    if (c.images.empty()) c.images = c.out;
    c.train.notes["arguments"] = given.text();
    train_isic::run(c, given.command_line("train_isic"));
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem);
  } catch (const std::exception& problem) {
    std::cerr << "train_isic: " << problem.what() << '\n';
    return 1;
  }
}
