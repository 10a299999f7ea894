// SPDX-License-Identifier: BSD-3-Clause
// Memory for tables that are visited at random: on pages of 2 MiB where the kernel has some
// (transparent hugepages, asked for by madvise, so nothing needs to be reserved), because otherwise
// nearly every visit misses the TLB too. Without them it is ordinary memory.
#pragma once

#include <cstddef>
#include <memory_resource>

namespace warren::port {

class HugeMemory final : public std::pmr::memory_resource {
  public:
    static constexpr std::size_t page_bytes = std::size_t{2} << 20;

  private:
    // Below one page it comes from the heap. std::bad_alloc.
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return dynamic_cast<const HugeMemory*>(&other) != nullptr;
    }
};

}  // namespace warren::port
