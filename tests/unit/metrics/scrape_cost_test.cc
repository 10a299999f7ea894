// SPDX-License-Identifier: BSD-3-Clause
// At the documented maximum of 4,096 real_servers a scrape takes less than 60 ms of the manager,
// no more than 5 ms of them at a time, and less than 100,000 lines. Measured is the thread's CPU
// time, the least of some; something quadratic takes many times as long. Of the suite `limits`: as
// it ships, never sanitized.
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <cstdio>

#include "metrics/haproxy_csv.h"
#include "metrics/metrics.h"
#include "unit/metrics/facts_fixture.h"
#include "views/views.h"

namespace warren::metrics {
namespace {

constexpr int most_lines = 100'000;
constexpr double most_ms = 60, most_step_ms = 5;
constexpr int repeats = 5;

double cpu_ms() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

std::string largest(int services, int servers) {
    std::string text = model::router("A", "eth0", 51, "192.168.8.100/24");
    for (int s = 0; s < services; ++s) {
        text += "virtual_server 192.168.8.100 " + std::to_string(1'000 + s) +
                " {\n lb_kind FNAT\n protocol TCP\n";
        for (int r = 0; r < servers; ++r) {
            const int number = s * servers + r;
            text += "real_server 10.1." + std::to_string(number / 250) + "." +
                    std::to_string(1 + number % 250) + " 5672 {\n TCP_CHECK {\n }\n}\n";
        }
        text += "}\n";
    }
    return text;
}

class ScrapeCost : public FactsFixture, public testing::WithParamInterface<std::pair<int, int>> {
  protected:
    // The least of some, in ms of CPU time.
    struct Cost {
        double whole_ms = 1e9, longest_step_ms = 1e9;
    };
    template <typename Begin>
    Cost cost(Begin begin_document, std::string& text) {
        Cost least;
        for (int i = 0; i < repeats; ++i) {
            auto document = begin_document();
            double whole_ms = 0, longest_ms = 0;
            const auto measure = [&](auto work) {
                const double begin = cpu_ms();
                const auto result = work();
                const double took = cpu_ms() - begin;
                whole_ms += took;
                longest_ms = std::max(longest_ms, took);
                return result;
            };
            const auto step = [&] {
                return made_by([&](const Facts& facts) {
                    return measure([&] { return document->step(facts); });
                });
            };
            while (step()) {
            }
            text = measure([&] { return document->take(); });
            least.whole_ms = std::min(least.whole_ms, whole_ms);
            least.longest_step_ms = std::min(least.longest_step_ms, longest_ms);
        }
        return least;
    }
};

TEST_P(ScrapeCost, IsLittle) {
    state_ = model::state_of(largest(GetParam().first, GetParam().second));
    ASSERT_EQ(state_->servers.size(), 4'096U);
    std::string text;
    const Cost scrape = cost([] { return std::make_unique<Scrape>(all_scopes); }, text);
    const auto lines = std::count(text.begin(), text.end(), '\n');
    std::printf("scrape: %.1f ms, longest step %.1f ms, %td lines, %zu bytes\n", scrape.whole_ms,
                scrape.longest_step_ms, lines, text.size());
    EXPECT_LT(scrape.whole_ms, most_ms);
    EXPECT_LT(scrape.longest_step_ms, most_step_ms);
    EXPECT_LT(lines, most_lines + 50 * GetParam().first) << "a service has some 50 of its own";
    const Cost csv = cost([] { return std::make_unique<HaproxyCsv>(); }, text);
    std::printf("CSV: %.1f ms, longest step %.1f ms, %zu bytes\n", csv.whole_ms,
                csv.longest_step_ms, text.size());
    EXPECT_LT(csv.longest_step_ms, most_step_ms);
}

// They are answered in one go: all but those that are long and have pages.
TEST_P(ScrapeCost, AViewWithoutPagesIsLittle) {
    state_ = model::state_of(largest(GetParam().first, GetParam().second));
    for (const views::View& one : views::all_views()) {
        if (one.page != nullptr) continue;
        double least_ms = 1e9;
        for (int i = 0; i < repeats; ++i) {
            const views::ViewContext context = view();
            const double begin = cpu_ms();
            const std::string text = views::Json(one.rows(context)).dump();
            least_ms = std::min(least_ms, cpu_ms() - begin);
        }
        std::printf("%s: %.2f ms\n", one.name, least_ms);
        EXPECT_LT(least_ms, most_step_ms) << one.name;
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, ScrapeCost,
                         testing::Values(std::pair{16, 256}, std::pair{1'024, 4}));

}  // namespace
}  // namespace warren::metrics
