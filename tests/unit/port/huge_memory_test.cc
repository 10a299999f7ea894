// SPDX-License-Identifier: BSD-3-Clause
#include "port/huge_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace warren::port {
namespace {

// The flags of the mapping that begins there, as /proc/self/smaps has them; "hg" is MADV_HUGEPAGE.
std::string flags_of(const void* memory) {
    std::ostringstream start;
    start << std::hex << reinterpret_cast<std::uintptr_t>(memory) << "-";
    std::ifstream maps("/proc/self/smaps");
    bool found = false;
    for (std::string line; std::getline(maps, line);) {
        found = found || line.starts_with(start.str());
        if (found && line.starts_with("VmFlags:")) return line + " ";
    }
    return {};
}

TEST(HugeMemory, BeginsOnAPageAndAsksForLargeOnes) {
    HugeMemory memory;
    const std::size_t bytes = HugeMemory::page_bytes * 2 + 5;
    void* block = memory.allocate(bytes, 64);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % HugeMemory::page_bytes, 0U);
    std::memset(block, 1, bytes);
    const bool has_hugepages =
        std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled").is_open();
    EXPECT_EQ(flags_of(block).find(" hg ") != std::string::npos, has_hugepages);
    memory.deallocate(block, bytes, 64);
    EXPECT_EQ(flags_of(block), "");
}

TEST(HugeMemory, TakesTheHeapForLittle) {
    HugeMemory memory;
    std::pmr::vector<std::uint64_t> few({1, 2, 3}, &memory);
    few.resize(HugeMemory::page_bytes / 4, 7);  // moves to pages of its own
    EXPECT_EQ(few[2], 3U);
    EXPECT_EQ(few.back(), 7U);
}

TEST(HugeMemory, SaysWhenThereIsNone) {
    HugeMemory memory;
    EXPECT_THROW(static_cast<void>(memory.allocate(std::size_t{1} << 62, 64)), std::bad_alloc);
}

}  // namespace
}  // namespace warren::port
