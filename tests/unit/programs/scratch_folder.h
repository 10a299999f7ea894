// SPDX-License-Identifier: BSD-3-Clause
// A folder for one test's files and scripts, and an event loop that runs until something has
// happened.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

namespace warren::programs {

// Below /root or /var/tmp if it can be, for every part of /tmp's path is another's to write.
class ScratchFolder {
  public:
    ScratchFolder() {
        std::string pattern = "/run/warren-test-XXXXXX";
        if (mkdtemp(pattern.data()) == nullptr) {
            pattern = "/tmp/warren-test-XXXXXX";
            EXPECT_NE(mkdtemp(pattern.data()), nullptr);
        }
        path_ = pattern;
        chmod(path_.c_str(), 0755);
    }
    ~ScratchFolder() { std::filesystem::remove_all(path_); }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    const std::string& path() const { return path_; }
    std::string file(const std::string& name, const std::string& text) const {
        const std::string path = path_ + "/" + name;
        std::ofstream(path, std::ios::trunc) << text;
        return path;
    }
    std::string script(const std::string& name, const std::string& text) const {
        const std::string path = file(name, "#!/bin/sh\n" + text + "\n");
        chmod(path.c_str(), 0755);
        return path;
    }
    std::string read(const std::string& name) const {
        std::ifstream in(path_ + "/" + name);
        std::ostringstream text;
        text << in.rdbuf();
        return text.str();
    }

  private:
    std::string path_;
};

// Whether it came true within the patience.
inline bool run_until(boost::asio::io_context& io, const std::function<bool()>& condition,
                      std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        if (io.stopped()) io.restart();
        io.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
}

}  // namespace warren::programs
