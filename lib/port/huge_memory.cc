// SPDX-License-Identifier: BSD-3-Clause
#include "port/huge_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace warren::port {
namespace {

constexpr std::size_t whole_pages(std::size_t bytes) {
    return (bytes + HugeMemory::page_bytes - 1) / HugeMemory::page_bytes * HugeMemory::page_bytes;
}

// The part that begins on a hugepage; what is mapped around it goes back.
void* cut_to_pages(std::byte* mapped, std::size_t mapped_bytes, std::size_t bytes) {
    const std::size_t skipped = whole_pages(reinterpret_cast<std::uintptr_t>(mapped)) -
                                reinterpret_cast<std::uintptr_t>(mapped);
    if (skipped != 0) munmap(mapped, skipped);
    const std::size_t behind = mapped_bytes - skipped - bytes;
    if (behind != 0) munmap(mapped + skipped + bytes, behind);
    return mapped + skipped;
}

}  // namespace

void* HugeMemory::do_allocate(std::size_t bytes, std::size_t alignment) {
    if (bytes < page_bytes) return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    const std::size_t wanted = whole_pages(bytes);
    void* mapped = mmap(nullptr, wanted + page_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    void* aligned = cut_to_pages(static_cast<std::byte*>(mapped), wanted + page_bytes, wanted);
    static_cast<void>(madvise(aligned, wanted, MADV_HUGEPAGE));  // a kernel without them refuses
    return aligned;
}

void HugeMemory::do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) {
    if (bytes < page_bytes)
        std::pmr::new_delete_resource()->deallocate(memory, bytes, alignment);
    else
        munmap(memory, whole_pages(bytes));
}

}  // namespace warren::port
