// SPDX-License-Identifier: BSD-3-Clause
// A kernel interface that is shared with the kernel: its packet sockets, one for each worker and
// one that only sends for the control lcore, and what has to be asked of and said to the kernel
// about it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/address.h"
#include "port/packet_socket.h"

namespace warren::port {

struct KernelInterfaceOptions {
    std::string name;
    unsigned workers = 1;
    bool may_come_later = false;   // until then its sockets belong to no interface
    bool joins_fragments = false;  // packet_socket.h
};

class KernelInterface {
  public:
    // A socket that receives for each worker, then one that does not. Throws std::runtime_error: no
    // such interface, no permission, no memory.
    KernelInterface(const KernelInterfaceOptions& options, rte_mempool* pool,
                    rte_mempool* large_pool);
    ~KernelInterface();
    KernelInterface(const KernelInterface&) = delete;
    KernelInterface& operator=(const KernelInterface&) = delete;

    PacketSocket& socket(std::uint16_t queue) { return *sockets_[queue]; }
    unsigned sockets() const { return static_cast<unsigned>(sockets_.size()); }

    // As the kernel says now; zero when the interface is gone.
    net::MacAddress mac() const;
    std::uint16_t mtu() const;
    bool is_running() const;

    // Makes the kernel's filter take frames to `mac` too, or all frames; one that is not there yet
    // does so when it comes. Both end with this object, however the process ends. Return an error's
    // text, or nothing.
    std::string add_mac(const net::MacAddress& mac);
    std::string become_promiscuous();
    // The interface has come or was made anew: its filter knows nothing.
    void restore_filter();

  private:
    std::string join(unsigned short kind, const net::MacAddress& mac);

    std::string name_;
    std::vector<std::unique_ptr<PacketSocket>> sockets_;
    int filter_socket_ = -1;
    std::vector<net::MacAddress> macs_;
    bool promiscuous_ = false;
};

// The way into the host's own stack: what is sent on lo the kernel receives there. Only sends.
// Throws std::runtime_error: no lo, no permission.
std::unique_ptr<PacketSocket> open_loopback();

// Whether the kernel has an interface of that name, and one where stations ask for addresses: lo,
// dummies and tunnels are none.
bool kernel_has_interface(const std::string& name);
bool kernel_has_link(const std::string& name);

}  // namespace warren::port
