// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/symmetry.hpp>

#include "../support/tensors.hpp"

#include <set>
#include <vector>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("symmetry: the eight are different, and each undoes itself") {
  const auto x = random_tensor<float>({2, 5, 5, 3}, 1);
  std::set<std::vector<float>> seen;
  for (int i = 0; i < 8; ++i) {
    CAPTURE(i);
    const tensor<float> y = copy_of(symmetric(x.view(), symmetry{i}));
    seen.insert(std::vector<float>(y.begin(), y.end()));
    CHECK(same_bits<float>(from_symmetric(y.view(), symmetry{i}), x.view()));
  }
  CHECK(seen.size() == 8);
}

TEST_CASE("symmetry: where one pixel goes") {
  tensor<float> x({1, 4, 6, 1});
  x(0, 1, 2, 0) = 1;
  const auto at = [&](int bits, index_t h, index_t w) { return symmetric(x.view(), symmetry{bits})(0, h, w, 0); };
  CHECK(at(0, 1, 2) == 1);
  CHECK(at(1, 1, 3) == 1);  // left-right
  CHECK(at(2, 2, 2) == 1);  // up-down
  CHECK(at(3, 2, 3) == 1);
  CHECK(symmetric(x.view(), symmetry{4}).extents() == shape{1, 6, 4, 1});
  CHECK(at(4, 2, 1) == 1);
  CHECK(at(5, 3, 1) == 1);
  CHECK(at(6, 2, 2) == 1);
  CHECK(at(7, 3, 2) == 1);
  CHECK(symmetry{3}.transposes() == false);
  CHECK(symmetry{4}.transposes());
}
