// SPDX-License-Identifier: BSD-3-Clause
// An rtnetlink request under construction (libmnl). Ours are small: one family header, a few
// attributes; the longest, a multipath route, is bounded by its hops (net/route.h).
#pragma once

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "net/address.h"

namespace warren::kernel {

class Request {
  public:
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    Request(std::uint16_t type, unsigned flags) : header_(mnl_nlmsg_put_header(buffer_.data())) {
        header_->nlmsg_type = type;
        header_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    }
    template <typename Header>
    void put(const Header& family_header) {
        void* room = mnl_nlmsg_put_extra_header(header_, sizeof(Header));
        std::memcpy(room, &family_header, sizeof(Header));
    }
    void put(std::uint16_t type, const net::IpAddress& address) {
        const std::size_t skip = address.is_v4() ? 12 : 0;
        mnl_attr_put(header_, type, 16 - skip, address.bytes().data() + skip);
    }
    void put(std::uint16_t type, std::uint32_t number) { mnl_attr_put_u32(header_, type, number); }
    void put(std::uint16_t type, const std::string& text) {
        mnl_attr_put_strz(header_, type, text.c_str());
    }
    template <typename Value>
    void put_raw(std::uint16_t type, const Value& value) {
        mnl_attr_put(header_, type, sizeof(value), &value);
    }
    void put(std::uint16_t type, std::uint8_t number) { mnl_attr_put_u8(header_, type, number); }
    template <typename Fill>
    void nest(std::uint16_t type, Fill fill) {
        nlattr* nested = mnl_attr_nest_start(header_, type);
        fill();
        mnl_attr_nest_end(header_, nested);
    }
    nlmsghdr& header() { return *header_; }
    std::vector<char> message() const {
        return {buffer_.data(), buffer_.data() + header_->nlmsg_len};
    }

  private:
    alignas(nlmsghdr) std::array<char, 4096> buffer_{};
    nlmsghdr* header_;
};

inline std::uint8_t family_of(const net::IpAddress& address) {
    return address.is_v4() ? AF_INET : AF_INET6;
}

}  // namespace warren::kernel
