// SPDX-License-Identifier: BSD-3-Clause
// Commands to nftables through libnftables.
#pragma once

#include <memory>
#include <string>

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

// CAP_NET_ADMIN. Without it libnftables says so on standard error each time, so it is not asked.
bool may_use_nftables();

}  // namespace warren::kernel
