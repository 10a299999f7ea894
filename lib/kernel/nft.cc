// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/nft.h"

#include <linux/capability.h>
#include <nftables/libnftables.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace warren::kernel {

bool may_use_nftables() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    return syscall(SYS_capget, &header, sets.data()) == 0 &&
           (sets[CAP_TO_INDEX(CAP_NET_ADMIN)].effective & CAP_TO_MASK(CAP_NET_ADMIN)) != 0;
}

Nft::Nft() : context_(nft_ctx_new(NFT_CTX_DEFAULT), nft_ctx_free) {
    if (!context_) return;
    nft_ctx_buffer_error(context_.get());
    nft_ctx_buffer_output(context_.get());
}

std::string Nft::run(const std::string& commands) {
    if (!context_) return "cannot set up libnftables";
    if (!may_use_nftables()) return "no permission (CAP_NET_ADMIN)";
    const int failed = nft_run_cmd_from_buffer(context_.get(), commands.c_str());
    const std::string error = nft_ctx_get_error_buffer(context_.get());
    if (failed == 0) return {};
    return error.empty() ? "unknown error" : error.substr(0, error.find('\n'));
}

}  // namespace warren::kernel
