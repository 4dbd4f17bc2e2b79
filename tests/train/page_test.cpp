// SPDX-License-Identifier: Apache-2.0
// The page of a report: that it is well formed, needs nothing but itself, and shows hostile names as text.
#include <lamina/image/read.hpp>
#include <lamina/train/report.hpp>

#include "../support/html.hpp"
#include "../support/paths.hpp"
#include "../support/tensors.hpp"
#include "../support/training.hpp"

#include <fstream>
#include <sstream>

using namespace lamina;
using namespace lamina::testing;

namespace {

const std::string hostile = "</title><script>alert('x')</script><img src=\"http://elsewhere/\" onerror=1>&amp;";

std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Names that no page may take for anything but text.
dataset hostile_names(index_t count) {
  dataset data;
  for (index_t i = 0; i < count; ++i) {
    sample s;
    s.name = hostile + std::to_string(i);
    data.samples.push_back(s);
  }
  return data;
}

drawing small_chart(const std::string& title) {
  const plot_series line{hostile, {0, 2}, {0, 2}};
  return plot(std::span(&line, 1), {.title = title, .width = 300, .height = 200});
}

}  // namespace

TEST_CASE("page: every kind of content is escaped, and the whole is well formed") {
  html_page page(hostile, hostile);
  page.section(hostile);
  page.heading(hostile);
  page.paragraph(hostile);
  page.preformatted(hostile);
  page.key_facts({{hostile, hostile}});
  page.facts({{hostile, hostile}});
  page.table({{hostile, hostile}, {{hostile, hostile}, {hostile}}});
  const drawing charts[] = {small_chart(hostile), small_chart("two")};
  page.charts(charts);
  const tensor<std::uint8_t> photo = random_tensor<std::uint8_t>({1, 20, 30, 3}, 1, 0, 255);
  const html_picture pictures[] = {picture_for_page(photo.view(), hostile)};
  page.pictures(pictures);
  page.section("second");
  const std::string text = page.text();
  check_page(text);
  CHECK(text.find("<nav ") != std::string::npos);
  CHECK(text.find("href=\"#part-2\"") != std::string::npos);
  CHECK(text.find("<p class=\"notice\" role=\"note\">For research only; not a medical device.</p>") !=
        std::string::npos);
  CHECK(text.find("Content-Security-Policy\" content=\"default-src 'none'; img-src data:;") != std::string::npos);
  CHECK(text.find("width=\"30\" height=\"20\"") != std::string::npos);
}

TEST_CASE("page: a picture is as small as it was asked for, and the same picture") {
  tensor<std::uint8_t> photo({1, 60, 200, 3});
  photo.fill(120);
  const html_picture p = picture_for_page(photo.view(), "", 50);
  CHECK(p.width == 50);
  CHECK(p.height == 15);
  const auto read = decode_image(std::span<const std::byte>(p.bytes), "picture");
  CHECK(read.extents() == shape{1, 15, 50, 3});
  CHECK(std::abs(read(0, 7, 20, 1) - 120) <= 2);
  CHECK(picture_for_page(photo.view(), "", 200).width == 200);
  check_error([&] { picture_for_page(photo.view(), "", 0); }, "picture_for_page: a longest side of 0 pixels");
}

TEST_CASE("sections: a protocol that a set lacks is a dash, intervals stand beside the figure") {
  html_page page("t");
  const protocol_column columns[] = {{"network", {{"iou", 0.75}, {"dice", 0.5, std::pair(0.4, 0.61239)}}},
                                     {"native", {{"iou", 0.7}, {"hd95", 12.5}}}};
  write_protocols(page, columns);
  const std::string text = page.text();
  check_page(text);
  CHECK(text.find("<th scope=\"row\">iou</th><td>0.7500</td><td>0.7000</td>") != std::string::npos);
  CHECK(text.find("<th scope=\"row\">dice</th><td>0.5000 [0.4000, 0.6124]</td><td>–</td>") != std::string::npos);
  CHECK(text.find("<th scope=\"row\">hd95</th><td>–</td><td>12.5000</td>") != std::string::npos);
}

TEST_CASE("sections: masks alone have a histogram; probabilities a threshold curve and a calibration, too") {
  evaluation_report r{"masks", {0.2, 0.7, 0.9}};
  CHECK(evaluation_charts(r).size() == 1);
  const auto p = random_tensor<float>({2, 8, 8, 1}, 1, 0, 1), truth = random_tensor<float>({2, 8, 8, 1}, 2, 0, 1);
  threshold_sweep sweep;
  calibration reliability;
  r.sweep = &sweep;
  r.reliability = &reliability;
  CHECK(evaluation_charts(r).size() == 1);  // nothing was added to them yet
  sweep.add(p.view(), truth.view());
  reliability.add(p.view(), truth.view());
  const auto charts = evaluation_charts(r);
  REQUIRE(charts.size() == 3);
  CHECK(charts[1].name == "masks_thresholds");
  html_page page("t");
  write_evaluation(page, r, charts);
  const std::string text = page.text();
  check_page(text);
  for (const char* expected : {"0.2000, 0.7000, 0.9000", "<dt>images below IoU 0.65</dt><dd>1</dd>", "Brier score",
                               "mean 0.6000", "expected calibration error", "Figures at each threshold"}) {
    CAPTURE(expected);
    CHECK(text.find(expected) != std::string::npos);
  }
  CHECK(text.find("Worst cases") == std::string::npos);
}

TEST_CASE("cases: the worst, the best and a fair random sample; what is not chosen is not made") {
  std::vector<int> drawn(20);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    case_selection<int> cases(3, seed);
    for (int i = 0; i < 20; ++i) cases.offer(i * 7 % 20, [i] { return i; });
    for (const auto& c : cases.random()) ++drawn[static_cast<std::size_t>(*c.kept)];
  }
  for (const int count : drawn) CHECK(std::abs(count - 300) < 64);  // four standard deviations of 2000 draws at 3/20

  case_selection<int> cases(2);
  int made = 0;
  for (const double figure : {0.5, 0.5, 0.9, 0.5, 0.1, 0.9, 0.5})
    cases.offer(figure, [&made] { return made++; });
  REQUIRE(cases.worst().size() == 2);
  CHECK(cases.worst()[0].number == 4);
  CHECK(cases.worst()[1].number == 0);  // the earliest of equal ones
  CHECK(cases.best()[0].number == 2);
  CHECK(cases.best()[1].number == 5);
  CHECK(cases.offered() == 7);
  case_selection<int> none(0);
  none.offer(1, [&made] { return made = -1; });
  CHECK(made != -1);
  check_error([] { case_selection<int>(-1); }, "case_selection: a count of -1");
}

TEST_CASE("report: written after each epoch and at the end; its names are text, its charts files, too") {
  const temporary_folder folder;
  const dataset names = hostile_names(30);
  const auto page = folder.path() / "report.html";
  train_report report(page, folder.path() / "figures", folder.path() / "log.csv", names,
                      {.data = hostile,
                       .command = hostile,
                       .augmentation = "AugMirror p=0.5\n  <end>",
                       .settings = {{"seed", "7"}, {hostile, hostile}},
                       .cases = {.cases = 2, .picture_side = 64}});
  /// Looks at the page after each epoch.
  class reader final : public train_observer {
   public:
    explicit reader(std::filesystem::path path) : path_(std::move(path)) {}
    void epoch_ended(const train_epoch&) override { pages.push_back(file_text(path_)); }
    std::vector<std::string> pages;

   private:
    std::filesystem::path path_;
  } seen(page);

  cpu_context ctx;
  trainer<float> t(ctx, tiny_unet(), made_up_data(), tiny_options());
  t.observe(report);
  t.observe(seen);
  const train_result r = t.run();

  REQUIRE(seen.pages.size() == 3);
  for (const std::string& early : seen.pages) check_page(early);
  CHECK(seen.pages[1].find("Under way: 2 of 3 epochs") != std::string::npos);
  CHECK(seen.pages[1].find("validation IoU, epoch 2") != std::string::npos);
  CHECK(seen.pages[1].find(">Test</h2>") == std::string::npos);

  const std::string text = file_text(page);
  check_page(text);
  CHECK(text.find("Ended after 3 of 3 epochs: completed.") != std::string::npos);
  for (const char* title : {"Result", "Curves", "Validation", "Test", "Recipe", "Model", "Memory", "Speed"}) {
    CAPTURE(title);
    CHECK(text.find(">" + std::string(title) + "</h2>") != std::string::npos);
  }
  CHECK(text.find("<dt>validation IoU</dt><dd>" + detail::formatted("%.4f", r.validation.iou())) != std::string::npos);
  CHECK(text.find("<dt>test IoU</dt><dd>" + detail::formatted("%.4f", r.test.iou())) != std::string::npos);
  CHECK(text.find("<th scope=\"row\">jaccard_thresholded_0.65</th>") != std::string::npos);
  CHECK(text.find(r.weights_sha256) != std::string::npos);
  CHECK(text.find("AugMirror p=0.5\n  &lt;end&gt;") != std::string::npos);
  CHECK(count_of(text, "<svg ") == 9);
  CHECK(count_of(text, "<img ") == 12);  // two worst, best and random ones of validation and of test
  for (const char* figure : {"loss", "iou", "learning_rate", "validation_iou", "validation_thresholds",
                             "validation_calibration", "test_iou", "test_thresholds", "test_calibration"}) {
    CAPTURE(figure);
    CHECK(read_image(folder.path() / "figures" / (std::string(figure) + ".png")).extents().w == 840);
  }
}

TEST_CASE("report: a run that was stopped shows its last epoch; resumed, it shows its first ones, too") {
  const temporary_folder folder;
  const dataset names = hostile_names(30);
  const auto page = folder.path() / "report.html";
  const auto run = [&](std::atomic<bool>* stop, bool resume) {
    train_log log(folder.path());
    train_report report(page, folder.path() / "figures", folder.path() / "log.csv", names);
    train_options o = tiny_options(folder.path());
    o.stop = stop;
    cpu_context ctx;
    trainer<float> t(ctx, tiny_unet(), made_up_data(), o);
    if (resume) t.resume(open_checkpoint(folder.path() / "checkpoint.safetensors"));
    class stopper final : public train_observer {
     public:
      explicit stopper(std::atomic<bool>* flag) : flag_(flag) {}
      void epoch_ended(const train_epoch& e) override {
        if (flag_ != nullptr && e.epoch == 2) *flag_ = true;
      }

     private:
      std::atomic<bool>* flag_;
    } in_epoch(stop);
    t.observe(log);
    t.observe(report);
    t.observe(in_epoch);
    t.run();
  };
  std::atomic<bool> stop = false;
  run(&stop, false);
  const std::string stopped = file_text(page);
  check_page(stopped);
  CHECK(stopped.find("Ended after 2 of 3 epochs: stop request.") != std::string::npos);
  CHECK(stopped.find("validation IoU, epoch 2") != std::string::npos);
  CHECK(count_of(stopped, "<img ") == 18);
  run(nullptr, true);
  const std::string resumed = file_text(page);
  check_page(resumed);
  CHECK(resumed.find("training loss: 3 values, from ") != std::string::npos);
  CHECK(resumed.find("Ended after 3 of 3 epochs: completed.") != std::string::npos);
}
