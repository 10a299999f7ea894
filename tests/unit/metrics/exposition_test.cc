// SPDX-License-Identifier: BSD-3-Clause
// The text format: what a label may hold, how numbers are written.
#include "metrics/exposition.h"

#include <gtest/gtest.h>

#include <limits>

namespace warren::metrics {
namespace {

TEST(Exposition, WritesFamiliesAndSamples) {
    Exposition out;
    out.begin("a_total", Kind::counter, "What it is.");
    out.add(3);
    out.add(4, label("x", "1"));
    out.add(5, label("x", "1"), R"(y="2")");
    out.add(6, {}, R"(y="2")");
    EXPECT_EQ(out.take(),
              "# HELP a_total What it is.\n# TYPE a_total counter\n"
              "a_total 3\na_total{x=\"1\"} 4\na_total{x=\"1\",y=\"2\"} 5\na_total{y=\"2\"} 6\n");
}

TEST(Exposition, AFamilyMayGoOnLater) {
    Exposition out;
    out.begin("a", Kind::gauge, "A.");
    out.add(1, label("x", "1"));
    out.begin("b", Kind::gauge, "B.");
    out.add(2);
    out.begin("a", Kind::gauge, "A.");
    out.add(3, label("x", "2"));
    EXPECT_TRUE(out.join(1)) << "a family at a time";
    EXPECT_EQ(out.take(),
              "# HELP a A.\n# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 3\n"
              "# HELP b B.\n# TYPE b gauge\nb 2\n");
}

TEST(Exposition, ALabelHoldsWhatever) {
    EXPECT_EQ(label("x", "a\"b\\c\nd"), R"(x="a\"b\\c\nd")");
    EXPECT_EQ(label("x", ""), R"(x="")");
}

TEST(Exposition, WritesNumbersWithoutLoss) {
    const auto written = [](double value) {
        Exposition out;
        out.add(value);
        return out.take();
    };
    EXPECT_EQ(written(0), " 0\n");
    EXPECT_EQ(written(100'000), " 100000\n");
    EXPECT_EQ(written(1'700'000'000'123), " 1700000000123\n");
    EXPECT_EQ(written(0.0005), " 5e-04\n");
    EXPECT_EQ(written(0.25), " 0.25\n");
    EXPECT_EQ(written(-1.5), " -1.5\n");
    EXPECT_EQ(written(1e18), " 1e+18\n");
    EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), " NaN\n");
    EXPECT_EQ(written(std::numeric_limits<double>::infinity()), " +Inf\n");
}

}  // namespace
}  // namespace warren::metrics
