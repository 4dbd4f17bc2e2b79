// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/shape.hpp>

#include <type_traits>

namespace lamina {

/// Where a tensor's elements live. A tag in the type, so that a device view in a CPU op does not compile.
struct cpu {};
struct cuda {};

/// A window on somebody else's NHWC elements: a pointer, extents, and the strides of image, row and pixel, in elements.
/// Channels are always contiguous. A view may be a channel slice of a wider buffer, or every second pixel of an image;
/// it is passed by value, also into CUDA kernels, and owns nothing.
template <class T, class Device = cpu>
class view {
 public:
  using value_type = std::remove_const_t<T>;
  using device = Device;

  view() = default;
  /// A contiguous buffer of `extents.size()` elements.
  LAMINA_HOST_DEVICE view(T* data, shape extents)
      : view(data, extents, extents.h * extents.w * extents.c, extents.w * extents.c, extents.c) {}
  LAMINA_HOST_DEVICE view(T* data, shape extents, index_t image_stride, index_t row_stride, index_t pixel_stride)
      : data_(data),
        extents_(extents),
        image_stride_(image_stride),
        row_stride_(row_stride),
        pixel_stride_(pixel_stride) {}
  /// A view of elements that may change is a view of elements that are only read.
  template <class U>
    requires(std::is_same_v<T, const U> && !std::is_const_v<U>)
  LAMINA_HOST_DEVICE view(view<U, Device> other)
      : view(other.data(), other.extents(), other.image_stride(), other.row_stride(), other.pixel_stride()) {}

  LAMINA_HOST_DEVICE T* data() const { return data_; }
  LAMINA_HOST_DEVICE const shape& extents() const { return extents_; }
  LAMINA_HOST_DEVICE index_t size() const { return extents_.size(); }
  LAMINA_HOST_DEVICE index_t image_stride() const { return image_stride_; }
  LAMINA_HOST_DEVICE index_t row_stride() const { return row_stride_; }
  LAMINA_HOST_DEVICE index_t pixel_stride() const { return pixel_stride_; }
  LAMINA_HOST_DEVICE bool empty() const { return data_ == nullptr; }

  /// The channels of one pixel.
  LAMINA_HOST_DEVICE T* pixel(index_t n, index_t h, index_t w) const {
    return data_ + n * image_stride_ + h * row_stride_ + w * pixel_stride_;
  }
  LAMINA_HOST_DEVICE T& operator()(index_t n, index_t h, index_t w, index_t c) const { return pixel(n, h, w)[c]; }
  /// Element i of a vector [1,1,1,C].
  LAMINA_HOST_DEVICE T& operator[](index_t i) const { return data_[i]; }

  /// Pixels follow each other without gaps within a row, rows within an image, and images within the view. Such a view
  /// may be walked as `extents().pixels()` pixels that lie `pixel_stride()` apart.
  LAMINA_HOST_DEVICE bool pixels_are_evenly_spaced() const {
    return (extents_.h == 1 || row_stride_ == extents_.w * pixel_stride_) &&
           (extents_.n == 1 || image_stride_ == extents_.h * extents_.w * pixel_stride_);
  }
  /// One block of `size()` elements without any gap.
  LAMINA_HOST_DEVICE bool contiguous() const {
    return pixels_are_evenly_spaced() && (pixel_stride_ == extents_.c || extents_.pixels() == 1);
  }

  /// Channels [first, first + count) of every pixel: a place inside this buffer. Throws `error` when out of range.
  view channels(index_t first, index_t count) const {
    require(first >= 0 && count >= 0 && first + count <= extents_.c, "view::channels: [", first, ", ", first + count,
            ") is outside ", extents_);
    return {data_ + first, {extents_.n, extents_.h, extents_.w, count}, image_stride_, row_stride_, pixel_stride_};
  }
  /// Rows [row, row + height) and columns [column, column + width) of every image: a place inside this buffer. Throws
  /// `error` when out of range.
  view rectangle(index_t row, index_t column, index_t height, index_t width) const {
    require(row >= 0 && column >= 0 && height >= 0 && width >= 0 && row + height <= extents_.h &&
                column + width <= extents_.w,
            "view::rectangle: ", height, " rows from ", row, ", ", width, " columns from ", column, " are outside ",
            extents_);
    return {data_ + row * row_stride_ + column * pixel_stride_, {extents_.n, height, width, extents_.c}, image_stride_,
            row_stride_, pixel_stride_};
  }
  /// Images [first, first + count). Throws `error` when out of range.
  view images(index_t first, index_t count = 1) const {
    require(first >= 0 && count >= 0 && first + count <= extents_.n, "view::images: [", first, ", ", first + count,
            ") is outside ", extents_);
    return {data_ + first * image_stride_, {count, extents_.h, extents_.w, extents_.c}, image_stride_, row_stride_,
            pixel_stride_};
  }

 private:
  T* data_ = nullptr;
  shape extents_{0, 0, 0, 0};
  index_t image_stride_ = 0, row_stride_ = 0, pixel_stride_ = 0;
};

/// What `x` would be if its elements were only read. Lets templates deduce T from a mutable argument.
template <class T, class Device>
view<const T, Device> as_const(view<T, Device> x) {
  return x;
}

}  // namespace lamina
