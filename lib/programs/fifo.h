// SPDX-License-Identifier: BSD-3-Clause
// One FIFO that lines are written to, never waiting: what a full one has no room for is lost and
// counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "programs/program.h"

namespace warren::programs {

class Fifo {
  public:
    enum class Written { yes, lost };

    // Made if it does not exist, as keepalived does: for `owner` alone. Open for reading too, so
    // that the kernel keeps lines until a reader comes. Throws std::system_error, or
    // std::runtime_error if something else stands there.
    Fifo(std::string path, const Credentials& owner);
    // Removed again if it was made here; before it is closed, so that a reader in a loop does not
    // find it again.
    ~Fifo();
    Fifo(const Fifo&) = delete;
    Fifo& operator=(const Fifo&) = delete;

    // All of it or nothing; a line of more than PIPE_BUF bytes is lost.
    Written write(std::string_view line);

    const std::string& path() const { return path_; }
    std::uint64_t lost() const { return lost_; }

  private:
    bool make();
    void give_to(const Credentials& owner) const;

    std::string path_;
    bool made_;
    int fd_ = -1;
    std::uint64_t lost_ = 0;
};

}  // namespace warren::programs
