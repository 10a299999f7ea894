// SPDX-License-Identifier: BSD-3-Clause
// Which mounts give this user hugepages, and how many are there to take.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "port/eal.h"

namespace warren::port {
namespace {

bool is_usable(const std::string& mounts) {
    std::istringstream in(mounts);
    return has_usable_hugetlbfs(in);
}

TEST(Hugetlbfs, IsUsableWhereThisUserMayWrite) {
    const std::string folder = testing::TempDir();
    EXPECT_TRUE(is_usable("hugetlbfs " + folder + " hugetlbfs rw 0 0\n"));
    EXPECT_TRUE(is_usable("tmpfs /no/such/folder tmpfs rw 0 0\nnodev " + folder +
                          " hugetlbfs rw,pagesize=1024M 0 0\n"));
}

TEST(Hugetlbfs, IsOfNoUseOtherwise) {
    EXPECT_FALSE(is_usable(""));
    EXPECT_FALSE(is_usable("tmpfs " + testing::TempDir() + " tmpfs rw 0 0\n"));
    EXPECT_FALSE(is_usable("hugetlbfs /no/such/folder hugetlbfs rw 0 0\n"));
    EXPECT_FALSE(is_usable("hugetlbfs " + testing::TempDir() +
                           " hugetlbfs rw 0 0\nhugetlbfs /no/such/folder hugetlbfs rw 0 0\n"));
    EXPECT_FALSE(is_usable("hugetlbfs /proc/version hugetlbfs rw 0 0\nhugetlbfs\n"));
}

// A balancer that is not root finds root's, as on a Debian that nobody has set up for it.
TEST(Hugetlbfs, IsOfNoUseWhereOnlyAnotherUserMayWrite) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    const std::filesystem::path folder = testing::TempDir() + "roots-pages";
    std::filesystem::create_directory(folder);
    const std::string mounts = "hugetlbfs " + folder.string() + " hugetlbfs rw 0 0\n";
    EXPECT_TRUE(is_usable(mounts));
    EXPECT_EXIT(_exit(setuid(65'534) != 0 || is_usable(mounts) ? 1 : 0), testing::ExitedWithCode(0),
                "");
    std::filesystem::remove(folder);
}

HugepageCount count(const std::string& meminfo) {
    std::istringstream in(meminfo);
    return count_hugepages(in);
}

TEST(Hugepages, ThatOthersWerePromisedAreNotFree) {
    const HugepageCount free = count(
        "MemFree:         100 kB\nHugePages_Total:     200\nHugePages_Free:      150\n"
        "HugePages_Rsvd:      100\nHugePages_Surp:        0\nHugepagesize:       2048 kB\n");
    EXPECT_EQ(free.pages, 50U);
    EXPECT_EQ(free.page_kb, 2048U);
    EXPECT_EQ(count("HugePages_Free: 1\nHugePages_Rsvd: 2\n").pages, 0U);
    EXPECT_EQ(count("").pages, 0U);
}

}  // namespace
}  // namespace warren::port
