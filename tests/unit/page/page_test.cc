// SPDX-License-Identifier: BSD-3-Clause
// The page says what there is, is small, and nothing in it comes from elsewhere.
#include "page/page.h"

#include <regex>

#include "page/sections.h"
#include "unit/metrics/facts_fixture.h"

namespace warren::page {
namespace {

class Page : public metrics::FactsFixture {
  protected:
    std::string page() { return made_by(render); }
    bool shows(const std::string& text) { return page().find(text) != std::string::npos; }
};

TEST_F(Page, ShowsRoutersServicesAndServers) {
    EXPECT_TRUE(shows("<th scope=\"row\">A</th>"));
    EXPECT_TRUE(shows("<span class=\"badge ok\">master</span>"));
    EXPECT_TRUE(shows("192.168.8.100:5672"));
    EXPECT_TRUE(shows("<th scope=\"row\">192.168.8.11:5672</th>"));
    EXPECT_TRUE(shows("data-title=\"MASTER 2/2 – a\""));
    EXPECT_TRUE(shows("data-level=\"ok\""));
    EXPECT_FALSE(shows("What is wrong now"));
}

TEST_F(Page, TellsWhatIsWrong) {
    for (model::ServiceRecord& service : state_->services)
        service.quorum_known = true;
    for (model::ServerRecord& server : state_->servers) {
        server.health.set_excluded(true);
        server.check = {.known = true, .ok = false, .text = "<b>refused</b>"};
    }
    EXPECT_TRUE(shows("What is wrong now"));
    EXPECT_TRUE(shows("data-title=\"DOWN MASTER 0/2 – a\""));
    EXPECT_TRUE(shows("no server"));
    EXPECT_TRUE(shows("&lt;b&gt;refused&lt;/b&gt;"));
    EXPECT_FALSE(shows("<b>refused"));
}

TEST_F(Page, HasRatesBeforeAnyScript) {
    EXPECT_TRUE(shows("data-rate=\"connections\">0</td>"));
    for (std::uint64_t second = 0; second < 3; ++second)
        state_->servers[0].rates.connections.sample(7 * second);
    EXPECT_TRUE(shows("data-rate=\"connections\">7.0</td>"));
    for (std::uint64_t second = 0; second < 11; ++second)
        state_->servers[1].rates.connections.sample(123 * second);
    EXPECT_TRUE(shows("data-rate=\"connections\">123</td>"));
}

TEST_F(Page, ABackupSaysSo) {
    state_->routers[0].status.state = vrrp::State::backup;
    EXPECT_TRUE(shows("data-title=\"BACKUP 2/2 – a\""));
    state_->routers[0].status.state = vrrp::State::fault;
    EXPECT_TRUE(shows("data-title=\"FAULT 2/2 – a\""));
}

TEST_F(Page, TheHostsOwnAddressIsNoMastership) {
    model::make_static(state_->routers[0]);
    EXPECT_TRUE(shows("data-title=\"NO ROUTER 2/2 – a\""));
    EXPECT_TRUE(shows("<th scope=\"row\">A</th>"));
}

TEST_F(Page, ShowsTheNewestEventsFirstAndNotAll) {
    for (int i = 0; i < 200; ++i)
        events_.info(journal::EventKind::process, "event number {};", i);
    const std::string html = page();
    EXPECT_LT(html.find("event number 199;"), html.find("event number 198;"));
    EXPECT_NE(html.find("event number 150;"), std::string::npos);
    EXPECT_EQ(html.find("event number 149;"), std::string::npos);
}

TEST_F(Page, IsSmallAndNeedsNobody) {
    const std::string html = page();
    EXPECT_LT(html.size(), 60'000U);
    const std::string without_names =
        std::regex_replace(html, std::regex("http://www\\.w3\\.org/2000/svg"), "");
    EXPECT_EQ(without_names.find("//www"), std::string::npos);
    EXPECT_EQ(without_names.find("http://"), std::string::npos);
    EXPECT_EQ(without_names.find("https://"), std::string::npos);
    EXPECT_EQ(html.find(" style=\""), std::string::npos) << "the policy would not allow it";
    EXPECT_EQ(html.find(" onclick"), std::string::npos);
    EXPECT_NE(content_security_policy().find("script-src 'sha256-"), std::string::npos);
}

TEST_F(Page, HasBoundsAndNamesWhatIsLeftOut) {
    std::string text = model::router("A", "eth0", 51, "192.168.8.100/24");
    for (int port = 1; port <= 3; ++port) {
        text += "virtual_server 192.168.8.100 " + std::to_string(port) +
                " {\n lb_kind FNAT\n protocol TCP\n";
        for (int i = 1; i <= (port < 3 ? 250 : 20); ++i)
            text += "real_server 10.0." + std::to_string(port) + "." + std::to_string(i) +
                    " 5672 {\n}\n";
        text += "}\n";
    }
    state_ = model::state_of(text);
    const std::string html = page();
    EXPECT_NE(html.find("8 more: <code>warrenctl show servers</code>"), std::string::npos);
}

}  // namespace
}  // namespace warren::page
