// SPDX-License-Identifier: BSD-3-Clause
#include "balance/health_factor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace warren::balance {
namespace health_factor_test {

// Feeds each server its check latency for `updates` rounds.
void run(PoolFactors& pool, const std::vector<double>& latency_us, int updates) {
    for (; updates > 0; --updates) {
        for (std::size_t i = 0; i < latency_us.size(); ++i)
            pool.latency(i, Latency::check, latency_us[i]);
        pool.update();
    }
}

std::vector<std::uint32_t> factors(const PoolFactors& pool, std::size_t n) {
    std::vector<std::uint32_t> all;
    for (std::size_t i = 0; i < n; ++i)
        all.push_back(pool.factor(i));
    return all;
}

struct Case {
    const char* name;
    std::vector<double> latency_us;
    std::vector<std::uint32_t> expected;
};

const Case cases[] = {
    {"equal servers stay equal", {2000, 2000, 2000}, {256, 256, 256}},
    {"differences within the dead band", {2000, 2900, 1500}, {256, 256, 256}},
    {"differences too small to matter", {40, 480, 200}, {256, 256, 256}},
    {"twice as slow: 1.5 / 2", {2000, 2000, 4000}, {256, 256, 192}},
    {"three times as slow: 1.5 / 3", {2000, 2000, 6000}, {256, 256, 128}},
    {"hopeless: the least", {2000, 2000, 2e9}, {256, 256, 26}},
    {"of two the quicker sets the measure", {2000, 6000}, {256, 128}},
    {"one server is its own measure", {1e6}, {256}},
    {"quicker than the others earns nothing", {500, 5000, 5000}, {256, 256, 256}},
};

TEST(PoolFactors, ConvergeToTheRelativeLatency) {
    for (const Case& c : cases) {
        PoolFactors pool(c.latency_us.size());
        run(pool, c.latency_us, 200);
        EXPECT_EQ(factors(pool, c.latency_us.size()), c.expected) << c.name;
    }
}

TEST(PoolFactors, TheWorseOfBothSignalsCounts) {
    PoolFactors pool(3);
    for (int i = 0; i < 200; ++i) {
        for (std::size_t s = 0; s < 3; ++s) {
            pool.latency(s, Latency::check, 2000);
            pool.latency(s, Latency::handshake, s == 1 ? 3000 : 1000);
        }
        pool.update();
    }
    EXPECT_EQ(factors(pool, 3), (std::vector<std::uint32_t>{256, 128, 256}));
}

TEST(PoolFactors, NothingMeasuredIsHealthy) {
    PoolFactors pool(2);
    for (int i = 0; i < 10; ++i)
        pool.update();
    EXPECT_EQ(factors(pool, 2), (std::vector<std::uint32_t>{256, 256}));
    pool.latency(0, Latency::check, 1e6);
    for (int i = 0; i < 10; ++i)
        pool.update();
    EXPECT_EQ(factors(pool, 2), (std::vector<std::uint32_t>{256, 256}));
}

TEST(PoolFactors, ASlowServerThatRecoversGetsItsWeightBack) {
    PoolFactors pool(3);
    run(pool, {2000, 2000, 50'000}, 200);
    EXPECT_LT(pool.factor(2), 40U);
    run(pool, {2000, 2000, 2000}, 200);
    EXPECT_EQ(pool.factor(2), factor_one);
}

TEST(PoolFactors, AnOldMeanIsForgottenWhenNoFlowsComeToCorrectIt) {
    PoolFactors pool(3);
    for (int i = 0; i < 100; ++i) {
        for (std::size_t s = 0; s < 3; ++s)
            pool.latency(s, Latency::handshake, s == 2 ? 90'000 : 1000);
        pool.update();
    }
    EXPECT_EQ(pool.factor(2), factor_min);
    run(pool, {1000, 1000, 1000}, 200);  // checks say it is well, no handshakes any more
    EXPECT_EQ(pool.factor(2), factor_one);
}

// The first handshake waits for ARP; then a quiet pool has no others for a while.
TEST(PoolFactors, OneSlowSampleIsNoSlowServer) {
    PoolFactors pool(3);
    for (std::size_t s = 0; s < 3; ++s)
        for (int i = 0; i < 4; ++i)
            pool.latency(s, Latency::handshake, s == 0 && i == 0 ? 6'000 : 60);
    for (int i = 0; i < 30; ++i) {
        pool.update();
        EXPECT_EQ(factors(pool, 3), (std::vector<std::uint32_t>{256, 256, 256}));
    }
    pool.latency(1, Latency::handshake, 9'000);
    pool.latency(1, Latency::handshake, 60);
    pool.update();
    EXPECT_EQ(pool.factor(1), factor_one);
}

TEST(PoolFactors, ForgetStartsAServerAnew) {
    PoolFactors pool(3);
    run(pool, {2000, 2000, 50'000}, 200);
    pool.forget(2);
    EXPECT_EQ(pool.factor(2), factor_one);
}

TEST(PoolFactors, BoundedAndSmoothWhateverIsMeasured) {
    std::mt19937 random(5);
    std::uniform_real_distribution<double> exponent(-3, 12);
    const double odd[] = {-5, 0, std::numeric_limits<double>::infinity(), std::nan(""),
                          std::numeric_limits<double>::max()};
    PoolFactors pool(4);
    for (int round = 0; round < 20'000; ++round) {
        const auto before = factors(pool, 4);
        for (int samples = static_cast<int>(random() % 6); samples > 0; --samples) {
            const double us =
                random() % 10 == 0 ? odd[random() % 5] : std::pow(10, exponent(random));
            if (random() % 2)
                pool.latency(random() % 4, Latency::check, us);
            else
                pool.latency(random() % 4, Latency::handshake, us);
        }
        pool.update();
        for (std::size_t s = 0; s < 4; ++s) {
            const std::uint32_t now = pool.factor(s);
            ASSERT_GE(now, factor_min);
            ASSERT_LE(now, factor_one);
            ASSERT_LE(now > before[s] ? now - before[s] : before[s] - now, FactorRules{}.step_max);
        }
    }
}

TEST(PoolFactors, SlowerNeverGetsMore) {
    std::uint32_t last = factor_one;
    for (double us = 500; us < 1e6; us *= 1.1) {
        PoolFactors pool(3);
        run(pool, {2000, 2000, us}, 150);
        EXPECT_LE(pool.factor(2), last) << us;
        last = pool.factor(2);
    }
    EXPECT_EQ(last, factor_min);
}

std::uint32_t of(const PoolFactors& pool, std::size_t server, Factor factor) {
    return pool.factors(server)[static_cast<std::size_t>(factor)];
}

// What each load makes of one factor in the long run, in 1/256.
struct LoadCase {
    const char* name;
    Factor factor;
    Load load;
    std::uint32_t expected;
};

const LoadCase loads[] = {
    {"memory far below the watermark", Factor::memory, {.memory = 0.6}, 256},
    {"memory half way up", Factor::memory, {.memory = 0.8}, 141},
    {"memory at the watermark", Factor::memory, {.memory = 1.0}, 26},
    {"memory beyond it", Factor::memory, {.memory = 7.0}, 26},
    {"no word of memory", Factor::memory, {}, 256},
    {"all SYNs answered", Factor::syns, {.syns = 100}, 256},
    {"one a second, unanswered, says less than many",
     Factor::syns,
     {.syns = 1, .unanswered = 1},
     81},
    {"half of many unanswered", Factor::syns, {.syns = 1000, .unanswered = 500}, 27},
    {"more unanswered than sent", Factor::syns, {.syns = 100, .unanswered = 200}, 26},
    {"every tenth segment sent again", Factor::stalls, {.segments = 10'000, .repeated = 1000}, 218},
    {"too busy for its checks", Factor::checks, {.is_busy = true}, 26},
    {"nearly out of descriptors", Factor::connections, {.fill = 0.9}, 141},
};

TEST(PoolFactors, EachLoadHasItsFactor) {
    for (const LoadCase& c : loads) {
        PoolFactors pool(1);
        for (int i = 0; i < 200; ++i) {
            pool.load(0, c.load);
            pool.update();
        }
        EXPECT_NEAR(of(pool, 0, c.factor), c.expected, 1) << c.name;
        EXPECT_EQ(pool.factor(0), of(pool, 0, c.factor)) << c.name << ": no other has moved";
    }
}

TEST(PoolFactors, AQuietServerIsTriedAgain) {
    PoolFactors pool(1);
    for (int i = 0; i < 60; ++i) {
        pool.load(0, {.syns = 100, .unanswered = 100});
        pool.update();
    }
    EXPECT_EQ(of(pool, 0, Factor::syns), factor_min);
    for (int i = 0; i < 60; ++i) {
        pool.load(0, {});
        pool.update();
    }
    EXPECT_EQ(of(pool, 0, Factor::syns), factor_one);
}

TEST(PoolFactors, WhoHasMoreThanItsShareOfConnectionsGetsFewerNewOnes) {
    PoolFactors pool(3);
    for (int i = 0; i < 100; ++i) {
        for (std::size_t s = 0; s < 3; ++s)
            pool.load(s, {.connections = s == 2 ? 3000 : 1000, .weight = s == 1 ? 2U : 1U});
        pool.update();
    }
    // 5,000 over weights 1, 2, 1: the third has 2.4 times its 1,250.
    EXPECT_EQ(of(pool, 0, Factor::connections), factor_one);
    EXPECT_EQ(of(pool, 1, Factor::connections), factor_one);
    EXPECT_NEAR(of(pool, 2, Factor::connections), 256 * 1.25 / 2.4, 1);
}

TEST(PoolFactors, ConfirmsCountBesideHandshakes) {
    PoolFactors pool(3);
    for (int i = 0; i < 200; ++i) {
        for (std::size_t s = 0; s < 3; ++s) {
            pool.latency(s, Latency::confirm, s == 0 ? 30'000 : 10'000);
            pool.latency(s, Latency::check, s == 0 ? 2'000 : 1'000);
        }
        pool.update();
    }
    EXPECT_EQ(of(pool, 0, Factor::confirm), 128U);
    EXPECT_EQ(of(pool, 0, Factor::handshake), 192U);
    EXPECT_EQ(pool.factor(0), 96U) << "the product";
    EXPECT_EQ(pool.factor(1), factor_one);
}

TEST(Product, HasABottom) {
    Factors factors;
    factors.fill(factor_min);
    EXPECT_EQ(product(factors), product_min);
    factors.fill(factor_one);
    EXPECT_EQ(product(factors), factor_one);
}

TEST(SlowStart, IsLinearInTime) {
    EXPECT_EQ(slow_start_factor(0, 0), factor_one) << "off";
    EXPECT_EQ(slow_start_factor(0, 10'000), factor_min);
    EXPECT_EQ(slow_start_factor(5'000, 10'000), 128U);
    EXPECT_EQ(slow_start_factor(7'500, 10'000), 192U);
    EXPECT_EQ(slow_start_factor(10'000, 10'000), factor_one);
    PoolFactors pool(1);
    pool.slow_start(0, slow_start_factor(2'500, 10'000));
    EXPECT_EQ(pool.factor(0), 64U) << "at once, not by steps";
}

TEST(EffectiveWeight, IsZeroOnlyForWeightZero) {
    EXPECT_EQ(effective_weight(0, factor_one), 0U);
    EXPECT_EQ(effective_weight(1, factor_one), 256U);
    EXPECT_EQ(effective_weight(1, 0), product_min);
    EXPECT_EQ(effective_weight(3, 128), 384U);
    EXPECT_EQ(effective_weight(65535, factor_one), 65535U * 256U);
}

}  // namespace health_factor_test
}  // namespace warren::balance
