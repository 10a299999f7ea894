// SPDX-License-Identifier: BSD-3-Clause
// How the kernel knows the frames that Warren sends through packet sockets from the host's own.
#pragma once

#include <cstdint>

namespace warren::net {

// SO_MARK of those sockets. What Warren sends has the MAC that it is to have: not so what the host
// sends from a virtual address, which the guard corrects (use_vmac).
inline constexpr std::uint32_t own_frames_mark = 0x57415252;

}  // namespace warren::net
