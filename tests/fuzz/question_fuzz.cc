// SPDX-License-Identifier: BSD-3-Clause
// What telemetry's socket may ask, one line each: an order, a question of `explain`, a page. Any
// text gets an answer that is JSON and fits; what is refused says why; what is obeyed names servers
// that exist.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "model/orders.h"
#include "model/start.h"
#include "schema/load.h"
#include "views/explain.h"
#include "views/pages.h"

namespace {

using namespace warren;

constexpr auto configuration =
    "vrrp_instance A {\ninterface eth0\nvirtual_router_id 51\npriority 100\n"
    "virtual_ipaddress {\n192.168.8.100/24\n}\n}\n"
    "virtual_server 192.168.8.100 5672 {\nlb_kind FNAT\nprotocol TCP\n"
    "real_server 192.168.8.11 5672 {\nweight 1\n}\nreal_server 192.168.8.12 5672 {\nweight "
    "1\n}\n}\n"
    "virtual_server fd00::100 5672 {\nlb_kind FNAT\nprotocol TCP\n"
    "real_server fd00::11 5672 {\nweight 1\n}\n}\n";

void require(bool holds) {
    if (!holds) std::abort();
}

std::unique_ptr<model::State> make_state() {
    schema::LoadResult loaded = schema::load(
        "f", [](const std::string&) { return std::optional<std::string>(configuration); });
    require(loaded.ok());
    model::PortState port;
    port.name = "eth0";
    port.shared = port.link_up = true;
    port.ifindex = 1;
    port.primary = net::Prefix{net::IpAddress::v4(192, 168, 8, 1), 24};
    return model::make_state(std::move(loaded.config), {port}, 1);
}

void check_order(const model::State& state, std::string_view text) {
    const model::Order order = model::read_order(state, text);
    require(order.servers.empty() == !order.problem.empty());
    for (const std::uint16_t server : order.servers)
        require(server < state.servers.size());
}

void check_question(const model::State& state, std::string_view text) {
    const views::ExplainQuestion question = views::read_question(state, text);
    require(question.tuple.has_value() == question.problem.empty());
}

void check_page(std::string_view text) {
    const std::vector<views::Json> rows(8, views::Json{{"text", text}});
    for (const std::string& page : {views::make_page(text, rows, text), views::error_page(text)}) {
        require(page.size() <= views::max_page_bytes && views::Json::accept(page));
        for (const char c : page)
            require(c >= ' ' && c <= '~');
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::unique_ptr<model::State> state = make_state();
    const std::string text(reinterpret_cast<const char*>(data), size);
    check_order(*state, text);
    check_question(*state, text);
    check_page(text);
    return 0;
}
