// SPDX-License-Identifier: BSD-3-Clause
// The index of a FlowTable: buckets of one cache line with ten entries (16-bit tag, 32-bit value).
// An entry lies in its home bucket unless that was full, then in the tag's other one; a bucket
// counts the entries it has sent away, so that a lookup goes on to the other line only where it
// must. When both are full one entry is moved to its own other bucket (cuckoo hashing, one step:
// bounded). The other bucket is r(tag) - b (mod n), which is its own inverse, so moving needs no
// key.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace warren::flow {

struct alignas(64) Bucket {
    static constexpr std::uint32_t slots = 10;

    std::array<std::uint16_t, slots> tag;  // 0 = empty
    std::uint16_t displaced;               // bit per slot: the entry's home is its other bucket
    std::uint16_t overflow;                // entries at home here that lie in their other bucket
    std::array<std::uint32_t, slots> value;

    // Bit per slot whose tag is `wanted`.
    std::uint32_t match(std::uint16_t wanted) const {
#ifdef __SSE2__
        const auto* words = reinterpret_cast<const __m128i*>(this);
        const __m128i all = _mm_set1_epi16(static_cast<short>(wanted));
        const __m128i low = _mm_cmpeq_epi16(_mm_load_si128(words), all);
        const __m128i high = _mm_cmpeq_epi16(_mm_load_si128(words + 1), all);
        const int bits = _mm_movemask_epi8(_mm_packs_epi16(low, high));
        return static_cast<std::uint32_t>(bits) & ((1U << slots) - 1);
#else
        std::uint32_t bits = 0;
        for (std::uint32_t i = 0; i < slots; ++i)
            bits |= static_cast<std::uint32_t>(tag[i] == wanted) << i;
        return bits;
#endif
    }
};
static_assert(sizeof(Bucket) == 64);

class BucketIndex {
  public:
    static constexpr std::uint32_t none = 0xffffffff;

    explicit BucketIndex(std::span<Bucket> buckets) : buckets_(buckets) {
        std::uninitialized_value_construct_n(buckets_.data(), buckets_.size());
    }

    // 85 % full when all entries are there, and room for small tables' bad luck.
    static constexpr std::size_t buckets_for(std::size_t entries) { return entries * 2 / 17 + 8; }

    // Where the entries of a hash are looked for first.
    struct Place {
        const Bucket* home;
        std::uint16_t tag;
    };
    Place prefetch(std::uint64_t hash) const {
        const Place place = place_of(hash);
        __builtin_prefetch(place.home);
        return place;
    }

    // Calls visit(value) for each entry that may be the wanted one until it says true; none if
    // there is none.
    template <typename Visit>
    std::uint32_t find(const Place& place, Visit visit) const {
        const std::uint32_t found = find_in(*place.home, place.tag, visit);
        if (found != none || place.home->overflow == 0) [[likely]]
            return found;
        const auto b = static_cast<std::uint32_t>(place.home - buckets_.data());
        return find_in(buckets_[other(b, place.tag)], place.tag, visit);
    }
    // Calls visit(value) for the first such entry in the place's bucket, if there is one. True:
    // there is none, and the place is now the other bucket, prefetched, to look into next.
    template <typename Visit>
    bool first(Place& place, Visit visit) const {
        const std::uint32_t bits = place.home->match(place.tag);
        if (bits != 0) [[likely]] {
            visit(place.home->value[static_cast<unsigned>(__builtin_ctz(bits))]);
            return false;
        }
        if (place.home->overflow == 0) return false;
        const auto b = static_cast<std::uint32_t>(place.home - buckets_.data());
        place.home = &buckets_[other(b, place.tag)];
        __builtin_prefetch(place.home);
        return true;
    }
    Place place_of(std::uint64_t hash) const { return {&buckets_[home(hash)], tag_of(hash)}; }
    // Where nothing is.
    static Place nowhere() {
        static constexpr Bucket empty{};
        return {&empty, 1};
    }
    template <typename Visit>
    std::uint32_t find(std::uint64_t hash, Visit visit) const {
        return find(place_of(hash), visit);
    }

    // False: no room, nothing changed.
    bool insert(std::uint64_t hash, std::uint32_t value) {
        const std::uint16_t tag = tag_of(hash);
        const std::uint32_t b = home(hash);
        const std::uint32_t alternate = other(b, tag);
        if (place(b, tag, value, false)) return true;
        if (place(alternate, tag, value, true)) return count_overflow(b);
        if (make_room(b)) return place(b, tag, value, false);
        if (make_room(alternate) && place(alternate, tag, value, true)) return count_overflow(b);
        return false;
    }

    void erase(std::uint64_t hash, std::uint32_t value) {
        const std::uint16_t tag = tag_of(hash);
        const std::uint32_t b = home(hash);
        if (clear(b, tag, value)) return;
        const bool found = clear(other(b, tag), tag, value);
        assert(found);
        if (found) --buckets_[b].overflow;
    }

  private:
    static std::uint16_t tag_of(std::uint64_t hash) {
        const auto tag = static_cast<std::uint16_t>(hash);
        return tag == 0 ? 1 : tag;
    }
    std::uint32_t count() const { return static_cast<std::uint32_t>(buckets_.size()); }
    std::uint32_t home(std::uint64_t hash) const {
        return static_cast<std::uint32_t>((hash >> 32) * count() >> 32);
    }
    std::uint32_t other(std::uint32_t b, std::uint16_t tag) const {
        const std::uint64_t spread = static_cast<std::uint32_t>(tag * 0x9e3779b1U);
        const auto r = static_cast<std::uint32_t>(spread * count() >> 32);
        return r >= b ? r - b : r + count() - b;
    }

    template <typename Visit>
    static std::uint32_t find_in(const Bucket& bucket, std::uint16_t tag, Visit& visit) {
        for (std::uint32_t bits = bucket.match(tag); bits != 0; bits &= bits - 1) {
            const std::uint32_t value = bucket.value[static_cast<unsigned>(__builtin_ctz(bits))];
            if (visit(value)) return value;
        }
        return none;
    }

    bool place(std::uint32_t b, std::uint16_t tag, std::uint32_t value, bool displaced) {
        Bucket& bucket = buckets_[b];
        const std::uint32_t empty = bucket.match(0);
        if (empty == 0) return false;
        const auto slot = static_cast<unsigned>(__builtin_ctz(empty));
        bucket.tag[slot] = tag;
        bucket.value[slot] = value;
        const auto bit = static_cast<std::uint16_t>(1U << slot);
        bucket.displaced =
            static_cast<std::uint16_t>((bucket.displaced & ~bit) | (displaced ? bit : 0));
        return true;
    }

    bool count_overflow(std::uint32_t b) {
        ++buckets_[b].overflow;
        return true;
    }

    // Moves one entry of a full bucket to its other bucket.
    bool make_room(std::uint32_t b) {
        Bucket& bucket = buckets_[b];
        for (unsigned slot = 0; slot < Bucket::slots; ++slot) {
            const std::uint32_t target = other(b, bucket.tag[slot]);
            const bool was_displaced = (bucket.displaced >> slot & 1) != 0;
            if (target == b || !place(target, bucket.tag[slot], bucket.value[slot], !was_displaced))
                continue;
            if (was_displaced)
                --buckets_[target].overflow;
            else
                ++bucket.overflow;
            bucket.tag[slot] = 0;
            return true;
        }
        return false;
    }

    bool clear(std::uint32_t b, std::uint16_t tag, std::uint32_t value) {
        Bucket& bucket = buckets_[b];
        for (std::uint32_t bits = bucket.match(tag); bits != 0; bits &= bits - 1) {
            const auto slot = static_cast<unsigned>(__builtin_ctz(bits));
            if (bucket.value[slot] != value) continue;
            bucket.tag[slot] = 0;
            return true;
        }
        return false;
    }

    std::span<Bucket> buckets_;
};

}  // namespace warren::flow
