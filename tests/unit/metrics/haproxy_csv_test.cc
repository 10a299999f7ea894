// SPDX-License-Identifier: BSD-3-Clause
// HAProxy's readers find what they look for.
#include "metrics/haproxy_csv.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "unit/metrics/facts_fixture.h"

namespace warren::metrics {
namespace {

class CsvOfPools : public FactsFixture {
  protected:
    using Row = std::map<std::string, std::string>;

    // Without quotes, as most scripts read it.
    static std::vector<std::string> cells(const std::string& line) {
        std::vector<std::string> all;
        std::istringstream in(line);
        for (std::string cell; std::getline(in, cell, ',');)
            all.push_back(cell);
        return all;
    }
    std::vector<Row> rows() {
        std::istringstream in(text_of(HaproxyCsv()));
        std::string line;
        std::getline(in, line);
        const std::vector<std::string> names = cells(line.substr(2));
        std::vector<Row> all;
        while (std::getline(in, line)) {
            EXPECT_EQ(std::count(line.begin(), line.end(), ','),
                      static_cast<std::ptrdiff_t>(names.size()));
            const std::vector<std::string> values = cells(line);
            Row& row = all.emplace_back();
            for (std::size_t i = 0; i < values.size(); ++i)
                row[names[i]] = values[i];
        }
        return all;
    }
};

TEST_F(CsvOfPools, HasFrontendServersAndBackend) {
    exchange_.workers[0]->servers[0].active.set(3);
    exchange_.workers[1]->servers[1].active.set(4);
    const std::vector<Row> all = rows();
    ASSERT_EQ(all.size(), 4U);
    const auto names = [&](const char* column) {
        std::vector<std::string> values;
        for (const Row& row : all)
            values.push_back(row.at(column));
        return values;
    };
    using Values = std::vector<std::string>;
    EXPECT_EQ(names("pxname"), Values(4, "192.168.8.100:5672"));
    EXPECT_EQ(names("svname"),
              (Values{"FRONTEND", "192.168.8.11:5672", "192.168.8.12:5672", "BACKEND"}));
    EXPECT_EQ(names("type"), (Values{"0", "2", "2", "1"}));
    EXPECT_EQ(names("status"), (Values{"OPEN", "UP", "UP", "UP"}));
    EXPECT_EQ(names("scur"), (Values{"7", "3", "4", "7"}));
    EXPECT_EQ(names("act"), (Values{"", "1", "1", "2"}));
    EXPECT_EQ(names("weight"), (Values{"", "1", "3", ""}));
}

TEST_F(CsvOfPools, ALongServiceStandsTogether) {
    constexpr std::size_t many = 5 * servers_per_step / 2;
    state_ = long_state(static_cast<int>(many));
    for (std::size_t server = 0; server <= many; ++server)
        exchange_.workers[0]->servers[server].active.set(1);
    const std::vector<Row> all = rows();
    ASSERT_EQ(all.size(), many + 2 + 3);
    EXPECT_EQ(all[0].at("svname"), "FRONTEND");
    EXPECT_EQ(all[0].at("scur"), std::to_string(many));
    EXPECT_EQ(all[many].at("sid"), std::to_string(many));
    EXPECT_EQ(all[many + 1].at("svname"), "BACKEND");
    EXPECT_EQ(all[many + 1].at("act"), std::to_string(many));
    EXPECT_EQ(all[many + 2].at("pxname"), "192.168.8.100:5673");
    EXPECT_EQ(all[many + 3].at("iid"), "3");
    EXPECT_EQ(all[many + 3].at("sid"), "1");
}

TEST_F(CsvOfPools, QuotesWhatACheckSays) {
    state_->servers[0].health.set_excluded(true);
    state_->servers[0].check = {.known = true, .ok = false, .text = "said \"no\", twice"};
    const std::string text = text_of(HaproxyCsv());
    EXPECT_NE(text.find(",\"said \"\"no\"\", twice\","), std::string::npos) << text;
    EXPECT_NE(text.find(",DOWN,"), std::string::npos);
}

}  // namespace
}  // namespace warren::metrics
