// SPDX-License-Identifier: BSD-3-Clause
// A list that never grows beyond its capacity, without a heap.
#pragma once

#include <array>
#include <cstddef>

namespace warren::sync {

template <typename T, std::size_t Capacity>
class BoundedList {
  public:
    // false: full, nothing has changed.
    bool push(const T& item) {
        if (size_ == Capacity) return false;
        items_[size_++] = item;
        return true;
    }
    void clear() { size_ = 0; }
    // Keeps the order of the rest.
    template <typename Predicate>
    void erase_if(Predicate goes) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < size_; ++i)
            if (!goes(items_[i])) items_[kept++] = items_[i];
        size_ = kept;
    }

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    T* begin() { return items_.data(); }
    T* end() { return items_.data() + size_; }
    const T* begin() const { return items_.data(); }
    const T* end() const { return items_.data() + size_; }

  private:
    std::array<T, Capacity> items_{};
    std::size_t size_ = 0;
};

}  // namespace warren::sync
