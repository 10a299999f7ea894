// SPDX-License-Identifier: BSD-3-Clause
// Watches a network of namespaces for the VRRP measurements: who advertises, who answers for the
// VIP, how long nobody does.
//
//   lan_recorder CLIENT-NAMESPACE SWITCH-NAMESPACE CLIENT-ADDRESS VIP PORT...
//
// Every millisecond the client asks the VIP for an echo and, by broadcast, for its MAC. Echo
// requests go to the MAC that the last gratuitous ARP named, as a host's would; only after a second
// without an answer a plain ARP reply counts. At the switch every VRRP and ARP frame is recorded
// with the port it came in by and the kernel's time of arrival. One SCHED_FIFO thread per CPU
// sleeps for a millisecond at a time and notes how late it wakes: what the machine itself adds to
// every figure.
//
// "take" on standard input prints what was recorded since, one event a line (times in ns of the
// wall clock), then "end":
//   adv TIME PORT MAC SOURCE VERSION VRID PRIORITY · arp TIME PORT MAC ADDRESS (reply) · garp TIME
//   PORT MAC ADDRESS na TIME PORT MAC TARGET (unsolicited) · echo TIME SENT · stall TIME CPU LATE
// It runs until its input ends. SCHED_FIFO needs root, as the namespaces do.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <iostream>
#include <map>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Bytes = std::span<const std::uint8_t>;
using Mac = std::array<std::uint8_t, 6>;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t period_ns = 1'000'000;
constexpr std::int64_t note_stall_ns = 1'000'000;
constexpr std::size_t eth_size = 14;
constexpr std::size_t arp_frame_size = 42;
constexpr int receiver_priority = 40;
constexpr int prober_priority = 45;
constexpr int stall_priority = 50;
constexpr std::uint8_t protocol_vrrp = 112;
constexpr std::uint16_t echo_identifier = 0x5752;

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::int64_t clock_ns(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return t.tv_sec * second_ns + t.tv_nsec;
}

void sleep_until(std::int64_t monotonic_ns) {
    const timespec t{monotonic_ns / second_ns, monotonic_ns % second_ns};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
}

void make_realtime(int priority) {
    sched_param param{};
    param.sched_priority = priority;
    if (const int error = pthread_setschedparam(pthread_self(), SCHED_FIFO, &param)) {
        errno = error;
        fail("SCHED_FIFO");
    }
}

void enter_namespace(const std::string& name) {
    const int fd = open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) fail("namespace " + name);
    close(fd);
}

std::uint16_t be16(Bytes b, std::size_t at) {
    return static_cast<std::uint16_t>(b[at] << 8 | b[at + 1]);
}

std::string text_of_mac(const std::uint8_t* m) {
    std::array<char, 18> text{};
    std::snprintf(text.data(), text.size(), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3],
                  m[4], m[5]);
    return text.data();
}

std::string text_of_ip(int family, const std::uint8_t* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family, address, text.data(), text.size());
    return text.data();
}

// What was recorded; written by the threads, taken by main.
class Journal {
  public:
    void add(std::string_view kind, std::int64_t time_ns, const std::string& rest) {
        const std::string line =
            std::string(kind) + ' ' + std::to_string(time_ns) + ' ' + rest + '\n';
        const std::lock_guard lock(mutex_);
        text_ += line;
    }
    std::string take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(text_, {});
    }

  private:
    std::mutex mutex_;
    std::string text_;
};

// A packet socket of one namespace that lets ARP, VRRP (plain and AH), ICMPv4 and ICMPv6 through.
class Tap {
  public:
    Tap(const std::string& space, const char* interface) {
        enter_namespace(space);
        fd_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
        if (fd_ < 0) fail("packet socket");
        filter();
        const int on = 1;
        const int room = 64 << 20;
        setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
        sockaddr_ll address{};
        address.sll_family = AF_PACKET;
        address.sll_protocol = htons(ETH_P_ALL);
        address.sll_ifindex = interface ? static_cast<int>(if_nametoindex(interface)) : 0;
        if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
        if (interface) read_mac(interface);
    }
    Tap(const Tap&) = delete;
    Tap& operator=(const Tap&) = delete;
    ~Tap() { close(fd_); }

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] const Mac& mac() const { return mac_; }
    void send(Bytes frame) const { (void)::send(fd_, frame.data(), frame.size(), MSG_DONTWAIT); }

    struct Received {
        Bytes frame;
        std::int64_t time_ns = 0;
        int interface = 0;
    };
    // Nothing when none is waiting. Frames that the namespace itself sent don't count.
    bool receive(Received& into) {
        for (;;) {
            sockaddr_ll from{};
            alignas(cmsghdr) std::array<char, 128> control{};
            iovec part{buffer_.data(), buffer_.size()};
            msghdr message{};
            message.msg_name = &from;
            message.msg_namelen = sizeof from;
            message.msg_iov = &part;
            message.msg_iovlen = 1;
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            const ssize_t size = recvmsg(fd_, &message, MSG_DONTWAIT);
            if (size < 0) return false;
            if (from.sll_pkttype == PACKET_OUTGOING || static_cast<std::size_t>(size) < eth_size)
                continue;
            into.frame = Bytes(buffer_.data(), static_cast<std::size_t>(size));
            into.interface = from.sll_ifindex;
            into.time_ns = clock_ns(CLOCK_REALTIME);
            for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
                timespec t{};
                std::memcpy(&t, CMSG_DATA(c), sizeof t);
                into.time_ns = t.tv_sec * second_ns + t.tv_nsec;
            }
            return true;
        }
    }

  private:
    void filter() const {
        constexpr int accept = 12;
        constexpr auto load_half = [](std::uint32_t at) {
            return sock_filter BPF_STMT(BPF_LD | BPF_H | BPF_ABS, at);
        };
        constexpr auto load_byte = [](std::uint32_t at) {
            return sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at);
        };
        // If equal go to line `yes`, else to line `no`; this is line `here`.
        constexpr auto equals = [](std::uint32_t value, int here, int yes, int no) {
            return sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value,
                                        static_cast<std::uint8_t>(yes - here - 1),
                                        static_cast<std::uint8_t>(no - here - 1));
        };
        std::array<sock_filter, 13> code{
            load_half(12),
            equals(ETH_P_ARP, 1, accept, 2),
            equals(ETH_P_IP, 2, 4, 3),
            equals(ETH_P_IPV6, 3, 6, 11),
            load_byte(eth_size + 9),
            sock_filter BPF_STMT(BPF_JMP | BPF_JA, 1),
            load_byte(eth_size + 6),
            equals(protocol_vrrp, 7, accept, 8),
            equals(IPPROTO_AH, 8, accept, 9),
            equals(IPPROTO_ICMP, 9, accept, 10),
            equals(IPPROTO_ICMPV6, 10, accept, 11),
            sock_filter BPF_STMT(BPF_RET | BPF_K, 0),
            sock_filter BPF_STMT(BPF_RET | BPF_K, 0xffff),
        };
        sock_fprog program{code.size(), code.data()};
        if (setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
            fail("filter");
    }
    void read_mac(const char* interface) {
        ifreq request{};
        std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
        if (ioctl(fd_, SIOCGIFHWADDR, &request) != 0) fail(interface);
        std::memcpy(mac_.data(), request.ifr_hwaddr.sa_data, mac_.size());
    }

    int fd_ = -1;
    Mac mac_{};
    std::array<std::uint8_t, 2048> buffer_{};
};

// The frames at the switch that tell who claims to be master.
class SwitchWatch {
  public:
    SwitchWatch(const std::string& space, std::span<char* const> ports, Journal& journal)
        : tap_(space, nullptr), journal_(journal) {
        for (const char* port : ports) {  // the thread is still in the switch's namespace
            const unsigned index = if_nametoindex(port);
            if (index == 0) fail(std::string("port ") + port);
            ports_[static_cast<int>(index)] = port;
        }
    }
    [[nodiscard]] int fd() const { return tap_.fd(); }

    void read() {
        Tap::Received r;
        while (tap_.receive(r)) {
            const auto port = ports_.find(r.interface);
            if (port == ports_.end()) continue;
            const std::string from = port->second + ' ' + text_of_mac(&r.frame[6]);
            switch (be16(r.frame, 12)) {
                case ETH_P_ARP:
                    arp(r, port->second);
                    break;
                case ETH_P_IP:
                    ipv4(r, from);
                    break;
                case ETH_P_IPV6:
                    ipv6(r, from, port->second);
                    break;
                default:
                    break;
            }
        }
    }

  private:
    void arp(const Tap::Received& r, const std::string& port) {
        const Bytes f = r.frame;
        if (f.size() < arp_frame_size) return;
        const bool gratuitous = std::memcmp(&f[28], &f[38], 4) == 0;
        const bool reply = be16(f, 20) == 2;
        if (!gratuitous && !reply) return;
        journal_.add(gratuitous ? "garp" : "arp", r.time_ns,
                     port + ' ' + text_of_mac(&f[22]) + ' ' + text_of_ip(AF_INET, &f[28]));
    }
    void ipv4(const Tap::Received& r, const std::string& from) {
        if (r.frame.size() < eth_size + 20) return;
        const std::size_t ah = r.frame[eth_size + 9] == IPPROTO_AH ? 24 : 0;
        const std::size_t at = eth_size + static_cast<std::size_t>(r.frame[eth_size] & 15) * 4 + ah;
        if (ah == 0 && r.frame[eth_size + 9] != protocol_vrrp) return;
        advert(r, at, from + ' ' + text_of_ip(AF_INET, &r.frame[eth_size + 12]));
    }
    void ipv6(const Tap::Received& r, const std::string& from, const std::string& port) {
        const Bytes f = r.frame;
        if (f.size() < eth_size + 40) return;
        const std::uint8_t next = f[eth_size + 6];
        if (next == protocol_vrrp)
            advert(r, eth_size + 40, from + ' ' + text_of_ip(AF_INET6, &f[eth_size + 8]));
        if (next == IPPROTO_ICMPV6 && f.size() >= eth_size + 64 && f[eth_size + 40] == 136 &&
            f[eth_size + 24] == 0xff)
            journal_.add(
                "na", r.time_ns,
                port + ' ' + text_of_mac(&f[6]) + ' ' + text_of_ip(AF_INET6, &f[eth_size + 48]));
    }
    void advert(const Tap::Received& r, std::size_t at, const std::string& from) {
        if (r.frame.size() < at + 8) return;
        const Bytes v = r.frame.subspan(at);
        journal_.add("adv", r.time_ns,
                     from + ' ' + std::to_string(v[0] >> 4) + ' ' + std::to_string(v[1]) + ' ' +
                         std::to_string(v[2]));
    }

    Tap tap_;
    Journal& journal_;
    std::map<int, std::string> ports_;
};

// The client that must not notice anything.
class Client {
  public:
    Client(const std::string& space, const char* address, const char* vip, Journal& journal)
        : tap_(space, "eth0"), journal_(journal) {
        if (inet_pton(AF_INET, address, own_.data()) != 1 ||
            inet_pton(AF_INET, vip, vip_.data()) != 1)
            throw std::runtime_error("client and VIP must be IPv4 addresses");
    }
    [[nodiscard]] int fd() const { return tap_.fd(); }

    void probe() {
        tap_.send(who_has());
        const std::uint64_t mac = vip_mac_.load(std::memory_order_relaxed);
        if (mac != 0) tap_.send(echo_request(mac));
    }
    void read() {
        Tap::Received r;
        while (tap_.receive(r)) {
            if (be16(r.frame, 12) == ETH_P_ARP) learn(r);
            if (be16(r.frame, 12) == ETH_P_IP) echo(r);
        }
    }

  private:
    void learn(const Tap::Received& r) {
        const Bytes f = r.frame;
        if (f.size() < arp_frame_size || std::memcmp(&f[28], vip_.data(), 4) != 0) return;
        const bool gratuitous = std::memcmp(&f[38], vip_.data(), 4) == 0;
        if (!gratuitous && r.time_ns - last_answer_ns_ < second_ns) return;
        std::uint64_t mac = 0;
        std::memcpy(&mac, &f[22], 6);
        vip_mac_.store(mac, std::memory_order_relaxed);
    }
    void echo(const Tap::Received& r) {
        const Bytes f = r.frame;
        constexpr std::size_t icmp = eth_size + 20;
        if (f.size() < icmp + 16 || f[eth_size + 9] != IPPROTO_ICMP || f[icmp] != 0 ||
            be16(f, icmp + 4) != echo_identifier)
            return;
        std::int64_t sent_ns = 0;
        std::memcpy(&sent_ns, &f[icmp + 8], sizeof sent_ns);
        last_answer_ns_ = r.time_ns;
        journal_.add("echo", r.time_ns, std::to_string(sent_ns));
    }
    // Sender address 0 as in RFC 5227's probe, so that nobody learns anything from it.
    [[nodiscard]] std::array<std::uint8_t, arp_frame_size> who_has() const {
        std::array<std::uint8_t, arp_frame_size> f{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
        constexpr std::array<std::uint8_t, 10> head{0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1};
        std::memcpy(&f[6], tap_.mac().data(), 6);
        std::memcpy(&f[12], head.data(), head.size());
        std::memcpy(&f[22], tap_.mac().data(), 6);
        std::memcpy(&f[38], vip_.data(), 4);
        return f;
    }
    [[nodiscard]] std::array<std::uint8_t, 60> echo_request(std::uint64_t mac) const {
        std::array<std::uint8_t, 60> f{};
        constexpr std::array<std::uint8_t, 12> head{0x08, 0, 0x45, 0, 0,  46,
                                                    0,    0, 0,    0, 64, IPPROTO_ICMP};
        std::memcpy(&f[0], &mac, 6);
        std::memcpy(&f[6], tap_.mac().data(), 6);
        std::memcpy(&f[12], head.data(), head.size());
        std::memcpy(&f[26], own_.data(), 4);
        std::memcpy(&f[30], vip_.data(), 4);
        store_checksum(Bytes(f).subspan(14, 20), &f[24]);
        f[34] = 8;
        f[38] = echo_identifier >> 8;
        f[39] = echo_identifier & 0xff;
        const std::int64_t now = clock_ns(CLOCK_REALTIME);
        std::memcpy(&f[42], &now, sizeof now);
        store_checksum(Bytes(f).subspan(34), &f[36]);
        return f;
    }
    static void store_checksum(Bytes part, std::uint8_t* into) {
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i + 1 < part.size(); i += 2)
            sum += be16(part, i);
        while (sum >> 16)
            sum = (sum & 0xffff) + (sum >> 16);
        into[0] = static_cast<std::uint8_t>(~sum >> 8);
        into[1] = static_cast<std::uint8_t>(~sum);
    }

    Tap tap_;
    Journal& journal_;
    std::array<std::uint8_t, 4> own_{};
    std::array<std::uint8_t, 4> vip_{};
    std::atomic<std::uint64_t> vip_mac_ =
        0;  // receiver -> prober; in the order of bytes in a frame
    std::int64_t last_answer_ns_ = 0;
};

void watch_stalls(unsigned cpu, Journal& journal, const std::atomic<bool>& running) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    make_realtime(stall_priority);
    while (running) {
        const std::int64_t due = clock_ns(CLOCK_MONOTONIC) + period_ns;
        sleep_until(due);
        const std::int64_t late = clock_ns(CLOCK_MONOTONIC) - due;
        if (late >= note_stall_ns)
            journal.add("stall", clock_ns(CLOCK_REALTIME),
                        std::to_string(cpu) + ' ' + std::to_string(late));
    }
}

void receive(SwitchWatch& lan, Client& client, const std::atomic<bool>& running) {
    make_realtime(receiver_priority);
    std::array<pollfd, 2> fds{pollfd{lan.fd(), POLLIN, 0}, pollfd{client.fd(), POLLIN, 0}};
    while (running) {
        (void)poll(fds.data(), fds.size(), 100);
        lan.read();
        client.read();
    }
}

void probe(Client& client, const std::atomic<bool>& running) {
    make_realtime(prober_priority);
    std::int64_t due = clock_ns(CLOCK_MONOTONIC);
    while (running) {
        client.probe();
        due = std::max(due + period_ns,
                       clock_ns(CLOCK_MONOTONIC) - period_ns);  // no burst after a stall
        sleep_until(due);
    }
}

int record(std::span<char*> words) {
    if (words.size() < 6)
        throw std::runtime_error(
            "wants: CLIENT-NAMESPACE SWITCH-NAMESPACE CLIENT-ADDRESS VIP PORT...");
    Journal journal;
    Client client(words[1], words[3], words[4], journal);
    SwitchWatch lan(words[2], words.subspan(5), journal);
    std::atomic<bool> running = true;
    std::vector<std::thread> threads;
    for (unsigned cpu = 0; cpu < std::thread::hardware_concurrency(); ++cpu)
        threads.emplace_back([&, cpu] { watch_stalls(cpu, journal, running); });
    threads.emplace_back([&] { receive(lan, client, running); });
    threads.emplace_back([&] { probe(client, running); });
    for (std::string line; std::getline(std::cin, line);)
        if (line == "take") std::cout << journal.take() << "end" << std::endl;
    running = false;
    for (std::thread& thread : threads)
        thread.join();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return record({argv, static_cast<std::size_t>(argc)});
    } catch (const std::exception& error) {
        std::cerr << "lan_recorder: " << error.what() << '\n';
        return 1;
    }
}
