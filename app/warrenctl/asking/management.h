// SPDX-License-Identifier: BSD-3-Clause
// Asks a cluster's management API, one path after the other. Blocks, 10 s a step at most.
#pragma once

#include <string>

namespace warren::ctl {

struct ManagementLogin {
    std::string url;  // http://HOST[:PORT][/PREFIX] or https://…
    std::string username;
    std::string password;
    std::string ca_file;  // of https; empty: the authorities that the system trusts
};

class Management {
  public:
    // Throws std::runtime_error where the url is none.
    explicit Management(const ManagementLogin& login);

    // The body of a 200. Throws std::runtime_error with the reason otherwise. At most 64 MiB.
    std::string get(const std::string& path) const;

  private:
    ManagementLogin login_;
    bool is_tls_ = false;
    std::string host_, port_, prefix_;
};

}  // namespace warren::ctl
