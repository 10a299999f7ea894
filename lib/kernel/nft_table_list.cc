// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/nft_table_list.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "kernel/netlink_request.h"

namespace warren::kernel {
namespace {

const char* family_word(unsigned family) {
    switch (family) {
        case NFPROTO_INET:
            return "inet ";
        case NFPROTO_IPV4:
            return "ip ";
        case NFPROTO_IPV6:
            return "ip6 ";
        case NFPROTO_ARP:
            return "arp ";
        case NFPROTO_NETDEV:
            return "netdev ";
        default:
            return "bridge ";
    }
}

int take_name(const nlattr* attribute, void* name) {
    if (mnl_attr_get_type(attribute) == NFTA_TABLE_NAME &&
        mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
        *static_cast<std::string*>(name) = mnl_attr_get_str(attribute);
    return MNL_CB_OK;
}

int take_table(const nlmsghdr* header, void* names) {
    const auto* family = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(header));
    std::string name;
    mnl_attr_parse(header, sizeof(nfgenmsg), take_name, &name);
    static_cast<std::set<std::string>*>(names)->insert(family_word(family->nfgen_family) + name);
    return MNL_CB_OK;
}

}  // namespace

// A dump that changes meanwhile is one to be asked for again.
std::optional<std::set<std::string>> nft_table_list() {
    const std::unique_ptr<mnl_socket, int (*)(mnl_socket*)> socket(
        mnl_socket_open(NETLINK_NETFILTER), mnl_socket_close);
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) return {};
    Request request(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, NLM_F_DUMP);
    request.put(nfgenmsg{NFPROTO_UNSPEC, NFNETLINK_V0, 0});
    std::vector<char> buffer(static_cast<std::size_t>(MNL_SOCKET_BUFFER_SIZE));
    for (int tries = 0; tries < 3; ++tries) {
        std::set<std::string> names;
        if (mnl_socket_sendto(socket.get(), &request.header(), request.header().nlmsg_len) < 0)
            return {};
        int more = MNL_CB_OK;
        while (more > MNL_CB_STOP) {
            const ssize_t size = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
            more = size < 0 ? MNL_CB_ERROR
                            : mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), 0,
                                         mnl_socket_get_portid(socket.get()), take_table, &names);
        }
        if (more == MNL_CB_STOP) return names;
        if (errno != EINTR) return {};
    }
    return {};
}

}  // namespace warren::kernel
