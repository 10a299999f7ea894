// SPDX-License-Identifier: BSD-3-Clause
#include "syntax/near_words.h"

#include <gtest/gtest.h>

namespace warren::syntax {
namespace {

TEST(NearWords, DistanceCountsChanges) {
    EXPECT_EQ(edit_distance("advert_nit", "advert_int"), 2U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("same", "same"), 0U);
}

TEST(NearWords, TheNearestIsMeant) {
    NearWord brief("foo");
    brief.consider("top");
    EXPECT_EQ(brief.best(), "") << "two of three are others";
    NearWord half("yaml");
    half.consider("name");
    EXPECT_EQ(half.best(), "") << "two of four are";
    NearWord slip("tap");
    slip.consider("top");
    EXPECT_EQ(slip.best(), "top");
    NearWord near("stauts");
    for (const char* known : {"show", "stats", "status", "start"})
        near.consider(known);
    EXPECT_EQ(near.best(), "stats") << "one change, the first of the nearest";
    NearWord far("tomorrow");
    far.consider("status");
    EXPECT_EQ(far.best(), "");
    const std::string long_word(65, 'a');
    NearWord longer(long_word);
    longer.consider(long_word);
    EXPECT_EQ(longer.best(), "") << "nobody types that";
}

}  // namespace
}  // namespace warren::syntax
