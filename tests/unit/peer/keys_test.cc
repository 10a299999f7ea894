// SPDX-License-Identifier: BSD-3-Clause
#include "peer/keys.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "peer/tag.h"

namespace warren::peer {
namespace {

const std::string one(32, 'a');
const std::string other(40, 'b');

TEST(Keys, AreTheSameOnEveryMachine) {
    const Keys here = derive_keys({one});
    const Keys there = derive_keys({one});
    ASSERT_EQ(here.macs.size(), 1U);
    EXPECT_EQ(here.macs[0].bytes, there.macs[0].bytes);
    EXPECT_EQ(here.macs[0].id, there.macs[0].id);
    EXPECT_EQ(here.rss_seed, there.rss_seed);
    EXPECT_EQ(here.isn, there.isn);
    EXPECT_EQ(here.digest, there.digest);
}

// A change of the labels or of the derivation would part a warren from its peer of yesterday.
TEST(Keys, AreWhatTheyWereInTheLastRelease) {
    const Keys keys = derive_keys({one});
    EXPECT_EQ(keys.rss_seed, 0xbdaa8438608ae2f0U);
}

TEST(Keys, HaveNothingInCommon) {
    const Keys keys = derive_keys({one});
    const Keys others = derive_keys({other});
    const std::set<std::uint64_t> words{
        keys.rss_seed,   keys.isn[0],   keys.isn[1],   keys.digest[0],   keys.digest[1],
        others.rss_seed, others.isn[0], others.isn[1], others.digest[0], others.digest[1]};
    EXPECT_EQ(words.size(), 10U);
}

TEST(Keys, ASecondOneVerifiesOnly) {
    const Keys keys = derive_keys({one, other});
    ASSERT_EQ(keys.macs.size(), 2U);
    EXPECT_EQ(keys.macs[1].bytes, derive_keys({other}).macs[0].bytes);
    EXPECT_EQ(keys.isn, derive_keys({one}).isn);
}

TEST(Tag, IsVerifiedByWhoHasTheKey) {
    Signer here(derive_keys({one}).macs[0]);
    Signer there(derive_keys({one}).macs[0]);
    Signer stranger(derive_keys({other}).macs[0]);
    const std::array<std::uint8_t, 5> bytes{1, 2, 3, 4, 5};
    const Tag tag = here.sign(bytes);
    EXPECT_TRUE(there.verify(bytes, tag));
    EXPECT_FALSE(stranger.verify(bytes, tag));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto changed = bytes;
        changed[i] ^= 1;
        EXPECT_FALSE(there.verify(changed, tag));
    }
    EXPECT_FALSE(there.verify(bytes, net::ConstBytes(tag).first(15)));
}

// RFC 4231, test case 2 in its first 128 bits: the key is shorter than ours, and padded.
TEST(Tag, IsHmacSha256) {
    MacKey key;
    const std::string text = "Jefe";
    std::copy(text.begin(), text.end(), key.bytes.begin());
    Signer signer(key);
    const std::string data = "what do ya want for nothing?";
    const Tag tag = signer.sign({reinterpret_cast<const std::uint8_t*>(data.data()), data.size()});
    const Tag wanted{0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e,
                     0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7};
    EXPECT_EQ(tag, wanted);
}

}  // namespace
}  // namespace warren::peer
