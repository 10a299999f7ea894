// SPDX-License-Identifier: BSD-3-Clause
// Commands to nftables through libnftables.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct nft_ctx;

namespace warren::kernel {

class Nft {
  public:
    Nft();

    // One transaction. The first line of what was refused; empty = done.
    std::string run(const std::string& commands);

  private:
    std::unique_ptr<nft_ctx, void (*)(nft_ctx*)> context_;
};

// "warren_local" and the instance's name, in characters that nftables takes.
// CAP_NET_ADMIN. Without it libnftables says so on standard error each time, so it is not asked.
bool may_use_nftables();

std::string instance_table_name(std::string_view instance);

}  // namespace warren::kernel
