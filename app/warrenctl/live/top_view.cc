// SPDX-License-Identifier: BSD-3-Clause
#include "live/top_view.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace warren::ctl {
namespace {

constexpr char escape = '\x1b';
constexpr char interrupt = '\x03';
constexpr char backspace = '\x7f';
constexpr std::size_t most_typed = 64;
constexpr std::size_t page_rows = 10;

struct Sequence {
    std::string_view keys;
    char key;  // that does the same
};
constexpr std::array sequences{Sequence{"\x1b[A", 'k'},  Sequence{"\x1b[B", 'j'},
                               Sequence{"\x1bOA", 'k'},  Sequence{"\x1bOB", 'j'},
                               Sequence{"\x1b[5~", '<'}, Sequence{"\x1b[6~", '>'}};

void end_filter(TopView& view) {
    view.is_typing = false;
    view.filter.clear();
    view.scrolled = 0;
}

void type(TopView& view, char key) {
    if (key == '\r' || key == '\n')
        view.is_typing = false;
    else if (key == escape || key == interrupt)
        end_filter(view);
    else if ((key == backspace || key == '\b') && !view.filter.empty())
        view.filter.pop_back();
    else if (std::isprint(static_cast<unsigned char>(key)) != 0 && view.filter.size() < most_typed)
        view.filter += key;
    view.scrolled = 0;
}

void look_at(TopView& view, Tab tab) {
    view.tab = tab;
    view.scrolled = 0;
}

Tab next(Tab tab) {
    return tab == Tab::events ? Tab::servers : static_cast<Tab>(static_cast<int>(tab) + 1);
}

struct Key {
    char key;
    void (*press)(TopView& view);
};
constexpr std::array keys_of_view{
    Key{'q', [](TopView& v) { v.is_over = true; }},
    Key{interrupt, [](TopView& v) { v.is_over = true; }},
    Key{'\t', [](TopView& v) { look_at(v, next(v.tab)); }},
    Key{'s', [](TopView& v) { look_at(v, Tab::servers); }},
    Key{'f', [](TopView& v) { look_at(v, Tab::flows); }},
    Key{'e', [](TopView& v) { look_at(v, Tab::events); }},
    Key{'c', [](TopView& v) { v.order = Order::connections; }},
    Key{'n', [](TopView& v) { v.order = Order::rate; }},
    Key{'r', [](TopView& v) { v.order = Order::refusals; }},
    Key{'b', [](TopView& v) { v.order = Order::bytes; }},
    Key{'/', [](TopView& v) { v.is_typing = true; }},
    Key{escape, end_filter},
    Key{'j', [](TopView& v) { ++v.scrolled; }},
    Key{'k', [](TopView& v) { v.scrolled -= v.scrolled == 0 ? 0 : 1; }},
    Key{'>', [](TopView& v) { v.scrolled += page_rows; }},
    Key{'<', [](TopView& v) { v.scrolled -= std::min(page_rows, v.scrolled); }}};

void press(TopView& view, char pressed) {
    for (const Key& key : keys_of_view)
        if (key.key == pressed) key.press(view);
}

// How many of the keys are one.
std::size_t take_key(TopView& view, std::string_view keys) {
    for (const Sequence& sequence : sequences)
        if (keys.starts_with(sequence.keys)) {
            if (!view.is_typing) press(view, sequence.key);
            return sequence.keys.size();
        }
    if (view.is_typing)
        type(view, keys.front());
    else
        press(view, keys.front());
    return 1;
}

}  // namespace

void take_keys(TopView& view, std::string_view keys) {
    while (!keys.empty())
        keys.remove_prefix(take_key(view, keys));
}

}  // namespace warren::ctl
