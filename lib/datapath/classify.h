// SPDX-License-Identifier: BSD-3-Clause
// Decides what a frame is, by its headers and the snapshot alone; touches no flow.
#pragma once

#include <span>

#include "datapath/packet.h"
#include "net/address.h"

namespace warren::datapath {

// Parses the frame and fills in `packet` (parsed, kind, reason, address, service).
// `port_macs`: the physical MAC of each port, by port index.
void classify(Packet& packet, const PollRound& round, std::span<const net::MacAddress> port_macs);

// Marks a frame whose TCP or UDP checksum the sender left to a NIC, without saying so in the mbuf's
// flags, so that the tx port completes it.
void note_open_checksum(const Packet& packet);

}  // namespace warren::datapath
