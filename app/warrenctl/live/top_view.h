// SPDX-License-Identifier: BSD-3-Clause
// What of `warrenctl top` is looked at, and the keys that change it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace warren::ctl {

enum class Tab { servers, flows, events };

enum class Order { connections, rate, refusals, bytes };

struct TopView {
    Tab tab = Tab::servers;
    Order order = Order::connections;
    std::string filter;        // rows without it are not shown; whatever its case
    bool is_typing = false;    // the filter
    std::size_t scrolled = 0;  // rows of the table that are above the screen
    bool is_over = false;
};

// What a terminal sends, also several keys at once; of keys that make a sequence the arrows and
// those of pages.
void take_keys(TopView& view, std::string_view keys);

}  // namespace warren::ctl
