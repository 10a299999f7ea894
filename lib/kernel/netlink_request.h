// SPDX-License-Identifier: BSD-3-Clause
// An rtnetlink request under construction (libmnl). Ours are small: one family header, a few
// attributes.
#pragma once

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "net/address.h"

namespace warren::kernel {

class Request {
  public:
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
    nlmsghdr& header() { return *header_; }

  private:
    alignas(nlmsghdr) std::array<char, 256> buffer_{};
    nlmsghdr* header_;
};

inline std::uint8_t family_of(const net::IpAddress& address) {
    return address.is_v4() ? AF_INET : AF_INET6;
}

}  // namespace warren::kernel
