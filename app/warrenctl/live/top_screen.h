// SPDX-License-Identifier: BSD-3-Clause
// A screen of `warrenctl top` as lines of text that fit it. Pure.
#pragma once

#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "live/top_view.h"
#include "text/screen.h"

namespace warren::ctl {

struct TopData {
    std::string time;     // of the look
    std::string trouble;  // why there is nothing newer; empty: it is new
    Json status = Json::object();
    std::vector<Json> routers, services;
    std::vector<Json> servers;  // with the rates of rates.h
    std::vector<Json> flows;    // the first ones
    std::vector<Json> events;   // the newest last
};

// Never said by colour alone.
enum class Tone { plain, heading, warning, error };

struct ScreenLine {
    std::string text;
    Tone tone = Tone::plain;
};

// At most so many lines, none wider: columns of less weight go first.
std::vector<ScreenLine> top_screen(const TopData& data, const TopView& view,
                                   const ScreenSize& size);

}  // namespace warren::ctl
