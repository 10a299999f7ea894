// SPDX-License-Identifier: BSD-3-Clause
#include "port/packet_socket.h"

#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <rte_mempool.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <span>
#include <system_error>

#include "net/own_frames.h"
#include "net/parse.h"
#include "net/segmentation.h"
#include "port/unfinished.h"

namespace warren::port {
namespace {

// What the kernel says of a frame, and hears, in the form of virtio (OASIS virtio 1.1, 5.1.6), in
// the machine's byte order. linux/virtio_net.h is no C++.
struct Offload {
    std::uint8_t flags = 0;
    std::uint8_t gso_type = 0;
    std::uint16_t hdr_len = 0;
    std::uint16_t gso_size = 0;
    std::uint16_t csum_start = 0;
    std::uint16_t csum_offset = 0;
};
static_assert(sizeof(Offload) == 10);
constexpr std::uint8_t needs_checksum = 1, checksum_is_valid = 2;  // flags
constexpr std::uint8_t gso_tcp4 = 1, gso_tcp6 = 4, gso_ecn = 0x80;

constexpr unsigned block_bytes = 1U << 18;
// A host resets the connections of a killed process in one burst, their clients come back in the
// next moment, and meanwhile a worker may have to wait for its core: 8,192 frames of an MTU of
// 1,500, 2,048 of 9,000.
constexpr unsigned ring_bytes = 1U << 24;
constexpr unsigned large_ring_bytes = 1U << 25;
constexpr unsigned slot_overhead = 160;  // the kernel's header and alignment, ours, VLANs
constexpr int queued_bytes = 8 << 20;    // of frames larger than a slot, and of sent ones

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

template <typename T>
bool set(int descriptor, int level, int option, const T& value) {
    return setsockopt(descriptor, level, option, &value, sizeof value) == 0;
}

tpacket_req ring_for(std::uint32_t mtu) {
    const unsigned slot =
        std::clamp(std::bit_ceil(mtu + slot_overhead), 2048U, block_bytes);  // power of two
    tpacket_req request{};
    request.tp_block_size = block_bytes;
    request.tp_frame_size = slot;
    request.tp_block_nr = (mtu <= ETHERMTU ? ring_bytes : large_ring_bytes) / block_bytes;
    request.tp_frame_nr = request.tp_block_nr * (block_bytes / slot);
    return request;
}

// The kernel and we hand a slot to each other by this word.
std::uint32_t status_of(const tpacket2_hdr& slot) {
    return __atomic_load_n(&slot.tp_status, __ATOMIC_ACQUIRE);
}
void give_back(tpacket2_hdr& slot) {
    __atomic_store_n(&slot.tp_status, std::uint32_t{TP_STATUS_KERNEL}, __ATOMIC_RELEASE);
}

const std::uint8_t* frame_in(const tpacket2_hdr& slot) {
    return reinterpret_cast<const std::uint8_t*>(&slot) + slot.tp_mac;
}

Offload offload_of(const tpacket2_hdr& slot) {
    Offload offload;
    std::memcpy(&offload, frame_in(slot) - sizeof offload, sizeof offload);
    return offload;
}

void note_offload(rte_mbuf& frame, const Offload& offload) {
    if ((offload.flags & needs_checksum) != 0)
        frame.ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_NONE;
    else if ((offload.flags & checksum_is_valid) != 0)
        frame.ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
    const unsigned kind = offload.gso_type & ~unsigned{gso_ecn};
    if ((kind == gso_tcp4 || kind == gso_tcp6) && offload.gso_size != 0) {
        frame.ol_flags |= RTE_MBUF_F_RX_LRO;
        frame.tso_segsz = offload.gso_size;
    }
}

void note_tag(rte_mbuf& frame, const tpacket2_hdr& slot) {
    if ((slot.tp_status & TP_STATUS_VLAN_VALID) == 0) return;
    frame.vlan_tci = slot.tp_vlan_tci;
    frame.ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
}

// A frame whose checksum is open and that goes out in pieces.
Offload segmenting(const net::Parsed& parsed, std::uint16_t piece_bytes) {
    constexpr std::uint8_t congestion_window_reduced = 0x80;
    Offload offload;
    offload.flags = needs_checksum;
    offload.csum_start = parsed.l4_offset;
    offload.csum_offset = static_cast<std::uint16_t>(net::checksum_offset(parsed));
    offload.gso_type = parsed.network == net::Network::ipv4 ? gso_tcp4 : gso_tcp6;
    if ((parsed.tcp_flags & congestion_window_reduced) != 0) offload.gso_type |= gso_ecn;
    offload.gso_size = piece_bytes;
    offload.hdr_len = parsed.payload_offset;
    return offload;
}

// What the kernel has to finish of a frame, which may look otherwise now than when it came.
Offload offload_for(rte_mbuf& frame) {
    Offload offload;
    if ((frame.ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) != RTE_MBUF_F_RX_L4_CKSUM_NONE)
        return offload;
    const net::Bytes bytes{rte_pktmbuf_mtod(&frame, std::uint8_t*), rte_pktmbuf_data_len(&frame)};
    const net::Parsed parsed = net::parse(bytes, net::IpChecksum::verified);
    const bool is_udp = parsed.protocol == net::IpProtocol::udp;
    if (!parsed.ok() || parsed.fragment != net::Fragment::none || !(parsed.is_tcp() || is_udp))
        return offload;
    net::open_checksum(bytes, parsed);
    offload.flags = needs_checksum;
    offload.csum_start = parsed.l4_offset;
    offload.csum_offset = static_cast<std::uint16_t>(net::checksum_offset(parsed));
    const bool is_large = (frame.ol_flags & RTE_MBUF_F_RX_LRO) != 0 && parsed.is_tcp() &&
                          parsed.payload_bytes > frame.tso_segsz;
    return is_large ? segmenting(parsed, frame.tso_segsz) : offload;
}

// The messages that a burst is sent as. Segments that follow each other in one connection go as
// one, gathered where they lie: the kernel, or the card, cuts them again, and its way is gone once.
class Outgoing {
  public:
    static constexpr std::size_t most = 64;  // frames

    explicit Outgoing(std::span<rte_mbuf* const> frames) {
        for (std::size_t i = 0; i < frames.size(); i += frames_[messages_ - 1])
            add(frames.subspan(i));
    }
    Outgoing(const Outgoing&) = delete;
    Outgoing& operator=(const Outgoing&) = delete;

    unsigned messages() const { return messages_; }
    unsigned frames_of(unsigned message) const { return frames_[message]; }
    mmsghdr* from(unsigned message) const { return &headers_[message]; }

  private:
    static constexpr std::size_t most_bytes = 65'000;  // of what goes as one

    static net::Bytes bytes_of(const rte_mbuf& frame) {
        return {rte_pktmbuf_mtod(&frame, std::uint8_t*), rte_pktmbuf_data_len(&frame)};
    }

    void add(std::span<rte_mbuf* const> frames) {
        rte_mbuf& first = *frames[0];
        const unsigned message = messages_++;
        const std::size_t first_part = parts_used_;
        Offload& offload = offloads_[message];
        offload = offload_for(first);
        const net::Bytes bytes = bytes_of(first);
        parts_[parts_used_++] = {&offload, sizeof offload};
        parts_[parts_used_++] = {bytes.data(), bytes.size()};
        frames_[message] = 1;
        if (frames.size() > 1 && !is_unfinished(first)) gather(frames, message);
        headers_[message] = {};
        headers_[message].msg_hdr.msg_iov = &parts_[first_part];
        headers_[message].msg_hdr.msg_iovlen = parts_used_ - first_part;
    }

    void gather(std::span<rte_mbuf* const> frames, unsigned message) {
        const net::Bytes first = bytes_of(*frames[0]);
        net::Parsed head = net::parse(first, net::IpChecksum::verified);
        if (!head.ok() || !head.is_tcp() || head.fragment != net::Fragment::none ||
            head.tcp_flags != net::tcp_flag::ack || head.payload_bytes == 0 ||
            head.packet_end() != first.size())
            return;
        const std::uint16_t piece = head.payload_bytes;
        std::size_t payload = piece;
        unsigned count = 1;
        std::uint8_t flags = net::tcp_flag::ack;
        // A card cuts equal pieces and leaves flags to the last.
        while (count < frames.size() && payload % piece == 0 && flags == net::tcp_flag::ack) {
            const net::Bytes bytes = bytes_of(*frames[count]);
            const net::Parsed next = net::parse(bytes, net::IpChecksum::verified);
            if (is_unfinished(*frames[count]) || payload + next.payload_bytes > most_bytes ||
                !net::continues(first, head, payload, bytes, next))
                break;
            parts_[parts_used_++] = {bytes.data() + next.payload_offset, next.payload_bytes};
            payload += next.payload_bytes;
            flags = next.tcp_flags;
            ++count;
        }
        if (count == 1) return;
        frames_[message] = count;
        net::header_in<net::TcpHeader>(first, head.l4_offset).flags = flags;
        net::extend_headers(first, head, payload);
        offloads_[message] = segmenting(head, piece);
    }

    std::array<Offload, most> offloads_;
    std::array<iovec, 2 * most> parts_;
    mutable std::array<mmsghdr, most> headers_;  // sendmmsg writes how much it sent
    std::array<unsigned, most> frames_;          // by message
    std::size_t parts_used_ = 0;
    unsigned messages_ = 0;
};

// Any number that other programs' groups on this interface will hardly have; another one when the
// interface was made anew, for a group stays with the one that it began on.
unsigned group_of(int ifindex) {
    const unsigned mixed =
        static_cast<unsigned>(getpid()) ^ static_cast<unsigned>(ifindex) << 7 ^ 0x5761U;
    return mixed & 0xffffU;
}

// A frame that the kernel will never send, other than one that it cannot send now.
bool is_about_the_frame(int error) {
    return error == EMSGSIZE || error == EINVAL;
}

}  // namespace

PacketSocket::PacketSocket(int ifindex, const PacketSocketOptions& options)
    : options_(options), ifindex_(ifindex) {
    descriptor_ = open_socket(ifindex, ring_, slots_);
    if (descriptor_ < 0) fail("packet socket");
}

PacketSocket::~PacketSocket() {
    if (ring_.memory != nullptr) munmap(ring_.memory, ring_.bytes);
    close(descriptor_);
}

// Bound last: until then a socket hears nothing, afterwards that interface alone. -1: errno.
int PacketSocket::open_socket(int ifindex, Ring& ring, std::vector<tpacket2_hdr*>& slots) const {
    const int made = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made < 0) return -1;
    const auto give_up = [&] {
        const int error = errno;
        if (ring.memory != nullptr) munmap(ring.memory, ring.bytes);
        ring = {};
        close(made);
        errno = error;
        return -1;
    };
    // Best effort: without the privilege the kernel's bound and no mark, without the option our own
    // frames too.
    set(made, SOL_SOCKET, SO_RCVBUFFORCE, queued_bytes);
    set(made, SOL_SOCKET, SO_SNDBUFFORCE, queued_bytes);
    set(made, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    // Not into lo, where the host's own rules may ask for marks, and no guard stands.
    const bool is_loopback = !options_.receives && options_.control_priority == 0;
    if (!is_loopback) set(made, SOL_SOCKET, SO_MARK, net::own_frames_mark);
    if (options_.control_priority != 0)
        set(made, SOL_SOCKET, SO_PRIORITY, static_cast<int>(options_.control_priority));
    if (!set(made, SOL_PACKET, PACKET_VERSION, int{TPACKET_V2}) ||
        !set(made, SOL_PACKET, PACKET_VNET_HDR, 1))
        return give_up();
    if (options_.receives) {
        const tpacket_req request = ring_for(options_.mtu);
        if (!set(made, SOL_PACKET, PACKET_COPY_THRESH, 1) ||
            !set(made, SOL_PACKET, PACKET_RX_RING, request))
            return give_up();
        ring.bytes = std::size_t{request.tp_block_size} * request.tp_block_nr;
        ring.memory =
            mmap(nullptr, ring.bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, made, 0);
        if (ring.memory == MAP_FAILED) {
            ring.memory = nullptr;
            return give_up();
        }
        slots.clear();
        auto* first = static_cast<std::uint8_t*>(ring.memory);
        for (std::size_t i = 0; i < request.tp_frame_nr; ++i)
            slots.push_back(reinterpret_cast<tpacket2_hdr*>(first + i * request.tp_frame_size));
    }
    if (ifindex == 0) return made;  // bound to 0 it would hear all interfaces
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_protocol = options_.receives ? htons(ETH_P_ALL) : std::uint16_t{0};
    to.sll_ifindex = ifindex;
    if (bind(made, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return give_up();
    if (options_.receives && !join_group(made, ifindex) && options_.shares) return give_up();
    return made;
}

// Of the sockets that share an interface's frames, and of a single one for what the kernel does
// only for groups: it puts datagrams together again that a router has cut (RFC 791; none cuts
// IPv6's).
bool PacketSocket::join_group(int made, int ifindex) const {
    if (!options_.shares && !options_.joins_fragments) return true;
    // linux/if_packet.h since 5.16; older kernels pass over it.
    constexpr unsigned ignore_outgoing = 0x4000;
    unsigned how = options_.shares ? PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_ROLLOVER
                                   : unsigned{PACKET_FANOUT_CPU};
    how |= ignore_outgoing;
    if (options_.joins_fragments) how |= PACKET_FANOUT_FLAG_DEFRAG;
    return set(made, SOL_PACKET, PACKET_FANOUT, group_of(ifindex) | how << 16);
}

// The descriptor keeps its number: somebody may sleep on it.
bool PacketSocket::reopen(int ifindex) {
    Ring ring;
    std::vector<tpacket2_hdr*> slots;
    const int made = open_socket(ifindex, ring, slots);
    if (made < 0) return false;
    if (ring_.memory != nullptr) munmap(ring_.memory, ring_.bytes);
    dup3(made, descriptor_, O_CLOEXEC);
    close(made);
    ring_ = ring;
    slots_.swap(slots);
    next_ = 0;
    ifindex_ = ifindex;
    return true;
}

unsigned PacketSocket::receive(rte_mbuf** packets, std::uint16_t most) {
    unsigned count = 0;
    // Fewer than asked for says that no more are there: what is lost on the way does not count.
    for (std::size_t looked = 0; count < most && looked < slots_.size(); ++looked) {
        tpacket2_hdr& slot = *slots_[next_];
        if ((status_of(slot) & TP_STATUS_USER) == 0) break;
        if (rte_mbuf* frame = take(slot)) packets[count++] = frame;
        give_back(slot);
        next_ = next_ + 1 == slots_.size() ? 0 : next_ + 1;
    }
    statistics_.received += count;
    return count;
}

// A frame larger than its slot waits behind the ring, in the same order (PACKET_COPY_THRESH).
rte_mbuf* PacketSocket::take(const tpacket2_hdr& slot) {
    const bool is_queued = (slot.tp_status & TP_STATUS_COPY) != 0;
    rte_mbuf* frame = nullptr;
    if (is_queued || slot.tp_snaplen == slot.tp_len) frame = buffer_for(slot.tp_len);
    if (frame == nullptr) {
        const bool none_so_large = is_queued || slot.tp_snaplen != slot.tp_len;
        ++(none_so_large ? statistics_.too_large : statistics_.no_buffer);
        if (is_queued) skip_queued();
        return nullptr;
    }
    if (!copy(*frame, slot)) {
        ++statistics_.too_large;
        rte_pktmbuf_free(frame);
        return nullptr;
    }
    statistics_.received_bytes += frame->pkt_len;
    return frame;
}

rte_mbuf* PacketSocket::buffer_for(std::size_t bytes) const {
    const auto fits = [&](rte_mempool* pool, std::size_t headroom) {
        return pool != nullptr && bytes + headroom <= rte_pktmbuf_data_room_size(pool);
    };
    if (fits(options_.pool, RTE_PKTMBUF_HEADROOM)) return rte_pktmbuf_alloc(options_.pool);
    // The largest leave no room for a longer IP header; they are rare.
    for (const std::size_t headroom : {std::size_t{RTE_PKTMBUF_HEADROOM}, std::size_t{0}}) {
        if (!fits(options_.large_pool, headroom)) continue;
        rte_mbuf* frame = rte_pktmbuf_alloc(options_.large_pool);
        if (frame != nullptr) frame->data_off = static_cast<std::uint16_t>(headroom);
        return frame;
    }
    return nullptr;
}

bool PacketSocket::copy(rte_mbuf& frame, const tpacket2_hdr& slot) {
    Offload offload;
    auto* to = rte_pktmbuf_mtod(&frame, std::uint8_t*);
    if ((slot.tp_status & TP_STATUS_COPY) == 0) {
        offload = offload_of(slot);
        std::memcpy(to, frame_in(slot), slot.tp_len);
    } else {
        std::array<iovec, 2> parts{{{&offload, sizeof offload}, {to, slot.tp_len}}};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        const ssize_t got = recvmsg(descriptor_, &message, MSG_DONTWAIT | MSG_TRUNC);
        if (got != static_cast<ssize_t>(sizeof offload + slot.tp_len)) return false;
    }
    frame.data_len = static_cast<std::uint16_t>(slot.tp_len);
    frame.pkt_len = slot.tp_len;
    note_offload(frame, offload);
    note_tag(frame, slot);
    return true;
}

void PacketSocket::skip_queued() const {
    std::uint8_t byte = 0;
    recv(descriptor_, &byte, sizeof byte, MSG_DONTWAIT | MSG_TRUNC);
}

unsigned PacketSocket::send(rte_mbuf** packets, std::uint16_t count) {
    const Outgoing out({packets, std::min<std::size_t>(count, Outgoing::most)});
    unsigned done = 0, frames = 0;
    while (done < out.messages()) {
        const int sent = sendmmsg(descriptor_, out.from(done), out.messages() - done, MSG_DONTWAIT);
        if (sent <= 0 && !is_about_the_frame(errno)) break;
        for (int i = 0; i < std::max(sent, 1); ++i)
            for (const unsigned end = frames + out.frames_of(done++); frames < end; ++frames) {
                ++(sent > 0 ? statistics_.sent : statistics_.refused);
                if (sent > 0) statistics_.sent_bytes += packets[frames]->pkt_len;
                rte_pktmbuf_free(packets[frames]);
            }
    }
    return frames;
}

// The kernel's own counts begin anew with each question.
PacketSocket::Statistics PacketSocket::statistics() {
    tpacket_stats lost{};
    socklen_t size = sizeof lost;
    if (getsockopt(descriptor_, SOL_PACKET, PACKET_STATISTICS, &lost, &size) == 0)
        statistics_.ring_full += lost.tp_drops;
    return statistics_;
}

}  // namespace warren::port
