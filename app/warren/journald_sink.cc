// SPDX-License-Identifier: BSD-3-Clause
#include "journald_sink.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "journal/event_kind.h"
#include "journal/subject.h"
#include "record_kind.h"

namespace warren::app {
namespace {

// By EventKind; conf/warren.catalog has the same. Never to be given anew: they stand in journals.
constexpr std::array<std::string_view, journal::event_kinds.size()> message_ids{
    "36e64baba8264c72ad6891ccd88e6925",  // process
    "36946a15ffa64be3a8e30e615382497a",  // config
    "d571f0fed4e748cab9c87b7d1e059d8b",  // link
    "f7a654b0f7b9459ba187c04a2bf2d62a",  // vrrp
    "800e558419d749bb864762870279a484",  // server
    "f5853136c66d47e8a6ee9c0952548e8c",  // check
    "fc6cdee6837d4c8988b2e9b8dd98fc24",  // track
    "74f1d7eae9b641919ee69c759234ea25",  // script
    "d267578784cd4676bbd4d6456881cb55",  // sync
};

std::string_view message_id(std::string_view kind) {
    const auto& kinds = journal::event_kinds;
    return message_ids.at(
        static_cast<std::size_t>(std::find(kinds.begin(), kinds.end(), kind) - kinds.begin()));
}

// As syslog(3) has them.
char priority(std::string_view level) {
    return level == "error" ? '3' : level == "warning" ? '4' : level == "info" ? '6' : '7';
}

// A line break would begin another field.
std::string one_line(std::string_view text) {
    std::string line(text);
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

std::string datagram(std::string_view text, std::string_view level, std::string_view kind,
                     const std::string& instance) {
    return fmt::format(
        "MESSAGE={}\nPRIORITY={}\nSYSLOG_IDENTIFIER=warren\nMESSAGE_ID={}\nWARREN_KIND={}\n"
        "WARREN_INSTANCE={}\n",
        one_line(text), priority(level), message_id(kind), kind, instance);
}

// WARREN_ROUTER=rabbit, …; names of ours and of the configuration, which have no line breaks.
std::string subject_fields() {
    std::string fields;
    const journal::Subject* about = journal::logged_subject();
    if (about == nullptr) return fields;
    for (const auto& [name, value] : journal::subject_fields) {
        if ((about->*value).empty()) continue;
        fields += "WARREN_";
        for (const char c : name)
            fields += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        fields += '=' + one_line(about->*value) + '\n';
    }
    return fields;
}

}  // namespace

bool journal_reads(int fd) {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat file {};
    return stream != nullptr && fstat(fd, &file) == 0 &&
           fmt::format("{}:{}", file.st_dev, file.st_ino) == stream;
}

JournaldSink::JournaldSink(std::string instance, std::string path)
    : instance_(std::move(instance)),
      path_(std::move(path)),
      fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}

JournaldSink::~JournaldSink() {
    if (fd_ >= 0) close(fd_);
}

void JournaldSink::sink_it_(const spdlog::details::log_msg& record) {
    if (lost_ != 0 && send(datagram(fmt::format("{} records of the log were lost", lost_),
                                    "warning", "process", instance_)))
        lost_ = 0;
    const std::string_view text(record.payload.data(), record.payload.size());
    if (!send(datagram(text, level_of(record), kind_of(record), instance_) + subject_fields()))
        ++lost_;
}

// Not connected: a journal that was started anew has another socket of the same name.
bool JournaldSink::send(const std::string& datagram) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof(address.sun_path)) return false;
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    return sendto(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&address), sizeof(address)) >= 0;
}

}  // namespace warren::app
