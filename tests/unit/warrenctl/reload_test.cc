// SPDX-License-Identifier: BSD-3-Clause
// What a reload prints, and where.
#include "orders/reload.h"

#include <gtest/gtest.h>

#include <sstream>

namespace warren::ctl {
namespace {

const std::vector<Json> taken{{{"step", "vrrp_instance A: priority 100 -> 90"}},
                              {{"outcome", "reloaded"}, {"refused", false}}};
const std::vector<Json> refused{
    {{"step", "warren.conf:3: error: no keyword"}},
    {{"outcome", "the file is refused; the running configuration stays"}, {"refused", true}}};

struct Printed {
    bool is_taken;
    std::string out, errors;
};

Printed print(const std::vector<Json>& rows, ReloadKind kind, bool as_json = false) {
    std::ostringstream out, errors;
    const bool is_taken =
        write_reload(rows, kind, {{out, as_json ? Format::json : Format::text}, errors});
    return {is_taken, out.str(), errors.str()};
}

TEST(Reload, SaysWhatCameOfIt) {
    const Printed said = print(taken, ReloadKind::now);
    EXPECT_TRUE(said.is_taken);
    EXPECT_EQ(said.out, "vrrp_instance A: priority 100 -> 90\nreloaded\n");
    EXPECT_EQ(said.errors, "");
}

TEST(Reload, WarningsAreNoPartOfWhatItDoes) {
    const std::vector<Json> rows{
        {{"warning", "warren.conf:8: warning: wlc is taken"}}, taken[0], taken[1]};
    const Printed said = print(rows, ReloadKind::now);
    EXPECT_TRUE(said.is_taken);
    EXPECT_EQ(said.out, "vrrp_instance A: priority 100 -> 90\nreloaded\n");
    EXPECT_EQ(said.errors, "warren.conf:8: warning: wlc is taken\n");
}

TEST(Reload, IsRefusedOnStandardError) {
    const Printed said = print(refused, ReloadKind::now);
    EXPECT_FALSE(said.is_taken);
    EXPECT_EQ(said.out, "");
    EXPECT_EQ(said.errors,
              "warren.conf:3: error: no keyword\n"
              "the file is refused; the running configuration stays\n");
}

TEST(Reload, DiffIsAnAnswerAlsoIfItNeedsARestart) {
    const std::vector<Json> restart{{{"step", "workers: needs a restart"}}, refused[1]};
    const Printed said = print(restart, ReloadKind::diff);
    EXPECT_FALSE(said.is_taken);
    EXPECT_EQ(said.out, "workers: needs a restart\n");
    EXPECT_EQ(said.errors, "the file is refused; the running configuration stays\n");
}

TEST(Reload, IsWholeAsJson) {
    const Printed said = print(refused, ReloadKind::now, true);
    EXPECT_FALSE(said.is_taken);
    EXPECT_EQ(Json::parse(said.out)["rows"], Json(refused));
    EXPECT_EQ(said.errors, "");
}

}  // namespace
}  // namespace warren::ctl
