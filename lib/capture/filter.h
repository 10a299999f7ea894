// SPDX-License-Identifier: BSD-3-Clause
// Which packets a capture is about. Pure. A packet is looked at with both of its sides: what a
// client and what its server see of one connection have nothing in common in FNAT, and it is the
// flow, or else that one was made of the other, that ties them together.
#pragma once

#include "exchange/capture.h"
#include "flow/flow.h"
#include "net/bytes.h"
#include "net/parse.h"

namespace warren::capture {

// Who a frame is from and for. An ICMP error counts as the answer to what it quotes, so it is of
// that one's connection. Without ports: 0.
flow::Tuple ends_of(net::ConstBytes frame, const net::Parsed& parsed);

flow::Tuple turned_round(const flow::Tuple& ends);

// Of a flow that is known: what arrives from its client, and from its server.
bool is_about_flow(const exchange::CaptureFilter& filter, const flow::Tuple& from_client,
                   const flow::Tuple& from_server);
// Of none: by the far ends and the near end of what came and what went (of one that is not there
// all is 0).
bool is_about(const exchange::CaptureFilter& filter, const flow::Tuple& came,
              const flow::Tuple& went);

// Ports and fate.
bool is_kind(const exchange::CaptureFilter& filter, const exchange::CapturedPacket& packet);

}  // namespace warren::capture
