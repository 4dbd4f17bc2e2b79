// SPDX-License-Identifier: Apache-2.0
// Writes the YAML description (DeepHealth Toolkit Dataset Format) of a data set that lies in folders.
//
//     make_dataset_yaml ISIC2017 isic.yml
//
// reads ISIC2017/ISIC-2017_Training_Data and its neighbours, or ISIC2017/training/images beside training/masks (or
// ground_truth), and names them in isic.yml relative to where that file lies.
#include <lamina/data/folder_dataset.hpp>
#include <lamina/data/yaml_dataset.hpp>

#include <CLI/CLI.hpp>

#include <iostream>

int main(int argc, char** argv) {
  std::string folder, file, name, description;
  bool skip = false;
  CLI::App app("Writes the YAML description of a data set that lies in folders.");
  app.add_option("folder", folder, "holds training|validation|test folders, or those of the ISIC 2017 challenge")
      ->required();
  app.add_option("file", file, "the YAML file to write")->required();
  app.add_option("--name", name, "of the data set; default: the folder's");
  app.add_option("--description", description, "a sentence for those who find the file");
  app.add_flag("--skip-missing", skip, "leave out images without mask instead of stopping");
  CLI11_PARSE(app, argc, argv);

  try {
    auto data = lamina::read_folder_dataset(folder, skip ? lamina::missing_mask::skip : lamina::missing_mask::stop);
    if (!data) throw lamina::file_error(folder, "holds no folders of images beside folders of masks (see --help)");
    if (!name.empty()) data->name = name;
    data->description = description;
    lamina::write_yaml_dataset(*data, file);
    std::cout << file << ": " << data->samples.size() << " samples";
    for (const auto& [split, samples] : data->splits) std::cout << ", " << split << ' ' << samples.size();
    std::cout << '\n';
  } catch (const std::exception& e) {
    std::cerr << "make_dataset_yaml: " << e.what() << '\n';
    return 1;
  }
}
