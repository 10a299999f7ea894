// SPDX-License-Identifier: BSD-3-Clause
#include "capture/capture_point.h"

#include "capture/filter.h"

namespace warren::capture {

using exchange::CapturedPacket;
using exchange::Fate;

CapturedPacket CapturePoint::blank() const {
    CapturedPacket packet;
    packet.time_ns = round_.now_ns;
    packet.worker = static_cast<std::uint8_t>(worker_);
    return packet;
}

const flow::Flow* CapturePoint::flow_of(const flow::Tuple& arriving) const {
    const flow::FlowTable::Hit hit = flows_.find(arriving);
    return hit ? &flows_[hit.index] : nullptr;
}

bool CapturePoint::is_wanted(const flow::Flow& flow) const {
    return is_about_flow(tap_->filter, flow.client_tuple(), flow.server_tuple());
}

void CapturePoint::on_arrival(net::ConstBytes frame, const Arrival& arrival) {
    packet_ = blank();
    packet_.in_port = arrival.port;
    packet_.handed_by = arrival.from_worker;
    packet_.came = net::parse(frame, net::IpChecksum::verified);
    packet_.came_bytes = arrival.bytes;
    packet_.came_kept = ring().arrived.keep_came(frame);
    ends_ = ends_of(frame, packet_.came);
    const flow::Flow* flow = flow_of(ends_);
    was_wanted_ = flow != nullptr && is_wanted(*flow);
    if (flow != nullptr) packet_.before = flow->state;
}

void CapturePoint::on_verdict(const Outcome& outcome, net::ConstBytes frame, std::uint32_t bytes) {
    packet_.fate = outcome.fate;
    packet_.reason = outcome.reason;
    packet_.target = outcome.target;
    packet_.what = outcome.what;
    packet_.went_bytes = bytes;
    show(packet_, ring().arrived, ends_, frame, was_wanted_);
}

// Whoever gets it would answer so.
void CapturePoint::on_generated(net::ConstBytes frame, std::uint8_t port) {
    CapturedPacket packet = blank();
    packet.fate = Fate::made;
    packet.target = port;
    packet.went_bytes = static_cast<std::uint32_t>(frame.size());
    const net::Parsed parsed = net::parse(frame, net::IpChecksum::verified);
    show(packet, ring().made, turned_round(ends_of(frame, parsed)), frame, false);
}

// A flow that ends with this packet, or begins, ties it to its client all the same.
void CapturePoint::show(CapturedPacket& packet, exchange::CaptureSlot& slot,
                        const flow::Tuple& arriving, net::ConstBytes went, bool was_wanted) {
    if (!went.empty()) packet.went = net::parse(went, net::IpChecksum::verified);
    const flow::Flow* flow = flow_of(arriving);
    if (flow != nullptr) packet.after = flow->state;
    const flow::Tuple came = packet.fate == Fate::made ? flow::Tuple{} : arriving;
    const bool is_of_it =
        was_wanted || (flow != nullptr ? is_wanted(*flow)
                                       : is_about(tap_->filter, came, ends_of(went, packet.went)));
    if (!is_of_it || !is_kind(tap_->filter, packet)) return;
    packet.went_kept = slot.keep_went(went);
    slot.keep(packet);
    ring().push(slot);
}

}  // namespace warren::capture
