// SPDX-License-Identifier: BSD-3-Clause
// Whom an event is about, as data beside its text: by the names that views and orders have. Empty:
// nobody of that sort.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace warren::journal {

struct Subject {
    std::string router{};      // a vrrp_instance
    std::string interface {};  // as the kernel calls it
    std::string service{};     // "192.168.8.100:5672"
    std::string server{};      // "192.168.8.11:5672"
    std::string client{};      // an address, perhaps with its port
    std::string tracked{};     // a vrrp_script, vrrp_track_file, …, bfd_instance
    std::string cause{};       // one of our words: master_down, auth_data, no_server

    bool operator==(const Subject&) const = default;
};

struct SubjectField {
    std::string_view name;
    std::string Subject::*value;
};
inline constexpr std::array<SubjectField, 7> subject_fields{{
    {"router", &Subject::router},
    {"interface", &Subject::interface},
    {"service", &Subject::service},
    {"server", &Subject::server},
    {"client", &Subject::client},
    {"tracked", &Subject::tracked},
    {"cause", &Subject::cause},
}};

// For the log: something that lasts has begun, goes on or is over.
struct Notice {
    bool is_over = false;
    std::string text;
    Subject about{};
};

// Of the event whose record is being logged on this thread, for sinks: spdlog carries its text
// only. Null: it is no event's.
const Subject* logged_subject();

}  // namespace warren::journal
