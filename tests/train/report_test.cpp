// SPDX-License-Identifier: Apache-2.0
// What a run leaves behind for people: progress lines, logs, summary, pictures.
#include <lamina/data/dataset.hpp>
#include <lamina/image/read.hpp>
#include <lamina/train/log.hpp>
#include <lamina/train/pictures.hpp>
#include <lamina/train/progress.hpp>
#include <lamina/train/summary.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"
#include "../support/training.hpp"

#include <fstream>
#include <sstream>

using namespace lamina;
using namespace lamina::testing;

namespace {

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Ends training between an epoch's row and its checkpoint.
class crash_after_epoch final : public train_observer {
 public:
  explicit crash_after_epoch(index_t epoch) : epoch_(epoch) {}
  void epoch_ended(const train_epoch& e) override {
    if (e.epoch == epoch_) throw crash{};
  }

 private:
  index_t epoch_;
};

/// Names for the pictures in memory.
dataset named_lesions(index_t count) {
  dataset data;
  for (index_t i = 0; i < count; ++i) {
    sample s;
    s.name = "lesion_" + std::to_string(i);
    data.samples.push_back(s);
  }
  return data;
}

}  // namespace

TEST_CASE("progress: plain lines where the output is no terminal") {
  std::ostringstream out;
  train_progress progress(out, {.interval = 0});
  train_once(tiny_options(), &progress);
  const std::string text = out.str();
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find("unet: ") == 0);
  CHECK(text.find(" planned; 20 training, 6 validation, 4 test images\n") != std::string::npos);
  CHECK(text.find("epoch 2/3  batch 3/4  loss ") != std::string::npos);
  CHECK(text.find(" left\n") != std::string::npos);
  CHECK(text.find("validation with the best weights, 6 images:\n  iou_per_image_mean ") != std::string::npos);
  CHECK(text.find("ended: completed") != std::string::npos);
}

TEST_CASE("progress: one line that is rewritten on a terminal") {
  std::ostringstream out;
  train_progress progress(out, {.terminal = true});
  train_once(tiny_options(), &progress);
  CHECK(out.str().find("\r\033[K") != std::string::npos);
}

TEST_CASE("progress: times and sizes as people write them") {
  CHECK(detail::clock_text(75) == "1:15");
  CHECK(detail::clock_text(4000) == "1:06:40");
  CHECK(detail::bytes_text(512) == "512 B");
  CHECK(detail::bytes_text(1'234'567) == "1.2 MB");
  CHECK(detail::bytes_text(2.1e9) == "2.10 GB");
}

TEST_CASE("log: a row per epoch, an object per event; a resumed run's reads as if it had never stopped") {
  const temporary_folder whole, broken;
  index_t every = 3;
  crash_after in_step(11);
  crash_after_epoch between_row_and_checkpoint(2);
  train_observer* failing = &in_step;
  SUBCASE("killed within an epoch") {}
  SUBCASE("killed when an epoch was told of but not saved") { failing = &between_row_and_checkpoint; }
  SUBCASE("killed when an epoch was told of but only its last step saved") {
    every = 4;
    failing = &between_row_and_checkpoint;
  }
  const auto options = [every](const temporary_folder& folder) {
    train_options o = tiny_options(folder.path());
    o.checkpoint_every = every;
    return o;
  };
  {
    train_log log(whole.path());
    train_once(options(whole), &log);
  }
  {
    train_log log(broken.path());
    cpu_context ctx;
    trainer<float> t(ctx, tiny_unet(), made_up_data(), options(broken));
    t.observe(log);
    t.observe(*failing);
    CHECK_THROWS_AS(t.run(), crash);
  }
  {
    train_log log(broken.path());
    cpu_context ctx;
    trainer<float> t(ctx, tiny_unet(), made_up_data(), options(broken));
    t.resume(open_checkpoint(broken.path() / "checkpoint.safetensors"));
    t.observe(log);
    t.run();
  }
  const auto csv = lines_of(whole.path() / "log.csv");
  REQUIRE(csv.size() == 4);
  CHECK(csv[0].starts_with(
      "epoch,step,learning_rate,loss,images_per_second,waiting_share,seconds,skipped,validation_loss,"
      "iou_per_image_mean,"));
  CHECK(csv[3].starts_with("3,12,"));
  const auto timeless = [](const std::string& row) {  // without images_per_second, waiting_share, seconds
    std::size_t first = 0, last = 0;
    for (int i = 0; i < 4; ++i) first = row.find(',', first) + 1;
    last = first;
    for (int i = 0; i < 3; ++i) last = row.find(',', last) + 1;
    return row.substr(0, first) + row.substr(last);
  };
  const auto resumed = lines_of(broken.path() / "log.csv");
  REQUIRE(resumed.size() == csv.size());
  for (std::size_t i = 0; i < csv.size(); ++i) CHECK(timeless(resumed[i]) == timeless(csv[i]));

  const auto events = lines_of(whole.path() / "log.jsonl"), again = lines_of(broken.path() / "log.jsonl");
  REQUIRE(events.size() == again.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto a = nlohmann::json::parse(events[i]), b = nlohmann::json::parse(again[i]);
    CHECK(a["event"] == b["event"]);
    CHECK(a.value("step", -1) == b.value("step", -1));
    if (a["event"] == "step") CHECK(a["loss"] == b["loss"]);
  }
}

TEST_CASE("a command's words as a shell reads them") {
  CHECK(shell_word("--lr=1e-3") == "--lr=1e-3");
  CHECK(shell_word("my pictures/a;b") == "'my pictures/a;b'");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_word("") == "''");
}

TEST_CASE("summary: what a run came to, every protocol by name") {
  const temporary_folder folder;
  const train_result r = train_once(tiny_options(folder.path()));
  write_summary(folder.path() / "summary.json", r, "train_isic synthetic");
  std::ifstream in(folder.path() / "summary.json");
  const auto s = nlohmann::json::parse(in);
  CHECK(s["command"] == "train_isic synthetic");
  CHECK(s["model"] == "unet");
  CHECK(s["parameters"] == r.plan.parameters);
  CHECK(s["planned_bytes"] == r.plan.planned_bytes());
  CHECK(s["peak_rss_bytes"].get<std::size_t>() > r.plan.block_bytes);
  CHECK(s["images_per_second"].get<double>() > 0);
  CHECK(s["weights_sha256"] == r.weights_sha256);
  CHECK(s["skipped"].empty());
  for (const char* split : {"validation", "test"})
    for (const char* protocol : {"iou_per_image_mean", "iou_pooled", "iou_two_class_mean", "dice_per_image_mean",
                                 "jaccard_thresholded_0.65"}) {
      const auto figure = s[split][protocol].get<double>();
      CHECK((figure >= 0 && figure <= 1));
    }
}

TEST_CASE("images that were skipped are counted and named wherever a run is told of") {
  const temporary_folder folder;
  std::ostringstream out;
  train_progress progress(out);
  train_log log(folder.path());
  train_data data = made_up_data();
  data.source = [source = data.source](index_t number, sample_pixels& pixels) {
    if (number == 3 || number == 22) throw file_error("lesion_" + value_to_text(number) + ".jpg", "is cut off");
    source(number, pixels);
  };
  train_options o = tiny_options();
  o.epochs = 1;
  o.policy = reading_policy::skip;
  cpu_context ctx;
  trainer<float> t(ctx, tiny_unet(), data, o);
  t.observe(progress);
  t.observe(log);
  write_summary(folder.path() / "summary.json", t.run(), "");
  CHECK(out.str().find("[2 unreadable images skipped]\n") != std::string::npos);
  CHECK(out.str().find("skipped, since they can't be read: 2 images\n  lesion_3.jpg: is cut off\n") !=
        std::string::npos);
  CHECK(lines_of(folder.path() / "log.csv").at(1).find(",1,") != std::string::npos);
  const auto end = nlohmann::json::parse(lines_of(folder.path() / "log.jsonl").back());
  CHECK(end["skipped"].size() == 2);
  std::ifstream in(folder.path() / "summary.json");
  const auto s = nlohmann::json::parse(in);
  CHECK(s["skipped"] == end["skipped"]);
  CHECK(s["validation"]["skipped"] == 1);
}

TEST_CASE("pictures: curves, overlays under the images' names, all of them on a sheet") {
  const temporary_folder folder;
  const dataset names = named_lesions(30);
  train_pictures pictures(folder.path(), names, {.overlays = 3, .shorter_side = 100, .every_epoch = true});
  train_once(tiny_options(folder.path()), &pictures);
  const auto curves = read_image(folder.path() / "curves.png");
  CHECK(curves.extents().w >= 600);
  CHECK(read_image(folder.path() / "overlays.png").extents().w > 100);
  for (const char* name :
       {"lesion_20.png", "lesion_21.png", "lesion_22.png", "epoch_001/lesion_20.png", "epoch_003/lesion_22.png"}) {
    CAPTURE(name);
    const auto overlay = read_image(folder.path() / "overlays" / name);
    CHECK(overlay.extents() == shape{1, 128, 128, 3});  // the next whole multiple of 32 above 100
    index_t green = 0;
    for (index_t i = 0; i < overlay.extents().pixels(); ++i)
      green += overlay[3 * i] == truth_colour.r && overlay[3 * i + 1] == truth_colour.g &&
               overlay[3 * i + 2] == truth_colour.b;
    CHECK(green > 20);
  }
  CHECK_FALSE(std::filesystem::exists(folder.path() / "overlays" / "lesion_23.png"));
  const auto truth = read_image(folder.path() / "overlays" / "epoch_001" / "lesion_20_truth.png", {.channels = 1});
  CHECK(truth.extents() == shape{1, 128, 128, 1});
  const auto lesion = std::ranges::count(truth, 255);
  CHECK(lesion > 100);
  CHECK(std::ranges::count(truth, 0) == truth.size() - lesion);
}

TEST_CASE("a file that can't be written is named") {
  cpu_context ctx;
  train_log log("/nonexistent/folder");
  trainer<float> t(ctx, tiny_unet(), made_up_data(), tiny_options());
  t.observe(log);
  check_error([&] { t.run(); }, "/nonexistent/folder/log.csv: can't be opened for writing");
}
