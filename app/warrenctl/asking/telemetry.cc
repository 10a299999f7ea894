// SPDX-License-Identifier: BSD-3-Clause
#include "asking/telemetry.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "asking/reader_socket.h"

namespace warren::ctl {
namespace {

constexpr int patience_ms = 5'000;  // longer than the daemon's own
constexpr std::size_t max_pages = 1'000'000;

constexpr const char* units_folder =
    "/run/warren/dpdk";  // XDG_RUNTIME_DIR in conf/warren.service.in
constexpr const char* roots_folder = "/var/run/dpdk";
constexpr const char* telemetry_name = "dpdk_telemetry.v2";

// Where DPDK puts its runtime folders (eal_create_runtime_dir): those of a warren that this user
// runs, then those of the unit and of root.
std::vector<std::filesystem::path> runtime_folders() {
    std::vector<std::filesystem::path> all{units_folder, roots_folder};
    if (geteuid() == 0) return all;
    const char* own = std::getenv("XDG_RUNTIME_DIR");
    all.insert(all.begin(), std::filesystem::path(own != nullptr ? own : "/tmp") / "dpdk");
    return all;
}

// A connected socket, or the errno.
std::pair<int, int> open_socket(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string text = path.string();
    if (text.size() >= sizeof(address.sun_path)) return {-1, ENAMETOOLONG};
    std::memcpy(address.sun_path, text.data(), text.size());
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0) return {-1, errno};
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0)
        return {fd, 0};
    const int error = errno;
    close(fd);
    return {-1, error};
}

// In the first folder that has it, or the errno: that which may not be asked rather than that
// which is not there.
std::pair<int, int> open_instance(const std::string& instance, const std::string& socket_name) {
    std::pair<int, int> last{-1, ENOENT};
    for (const std::filesystem::path& folder : runtime_folders()) {
        const std::pair<int, int> opened = open_socket(folder / instance / socket_name);
        if (opened.second == 0) return opened;
        if (opened.second != ENOENT) last = opened;
    }
    return last;
}

[[noreturn]] void throw_not_running(const std::string& instance, int error) {
    if (error == EACCES || error == EPERM)
        throw NotAllowed(
            "no permission to talk to instance \"" + instance +
            "\" (run as root; its group reads by dataplane { http unix:/run/warren/%i.http })");
    std::string text = "no warren is running as instance \"" + instance + "\"";
    const std::vector<std::string> others = running_instances();
    // A folder of root's does not let us see what is in it.
    std::error_code unseen;
    const bool may_be_roots = geteuid() != 0 && std::filesystem::exists(roots_folder, unseen);
    if (others.empty() && may_be_roots)
        throw NotAllowed(text + " that this user may talk to (root's: run as root)");
    if (others.empty()) throw Unreachable(text + ", nor any other");
    text += "; running:";
    for (const std::string& other : others)
        text += " " + other;
    throw Unreachable(text + " (--instance NAME)");
}

std::string receive(int fd, std::size_t most) {
    pollfd waiting{fd, POLLIN, 0};
    if (poll(&waiting, 1, patience_ms) <= 0) throw std::runtime_error("warren does not answer");
    std::string answer(most, '\0');
    const ssize_t size = recv(fd, answer.data(), answer.size(), 0);
    if (size <= 0) throw std::runtime_error("warren has ended the connection");
    answer.resize(static_cast<std::size_t>(size));
    return answer;
}

// A row whose names stand once for its whole page is the list of its values.
Json unfolded(Json& row, const std::vector<std::string>& keys) {
    if (!row.is_array() || row.size() != keys.size()) return std::move(row);
    Json::object_t whole;
    whole.reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
        whole.Container::emplace_back(keys[i], std::move(row[i]));
    return whole;
}

}  // namespace

std::vector<std::string> running_instances() {
    std::vector<std::string> names;
    std::error_code error;
    for (const std::filesystem::path& folder : runtime_folders())
        for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
            const std::string name = entry.path().filename().string();
            const auto [fd, problem] = open_socket(folder / name / telemetry_name);
            if (problem != 0) continue;
            close(fd);
            names.push_back(name);
        }
    for (const std::string& name : readable_instances())
        names.push_back(name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

int connect_to(const std::string& instance, const std::string& socket_name) {
    const auto [fd, error] = open_instance(instance, socket_name);
    if (error != 0) throw_not_running(instance, error);
    return fd;
}

Telemetry::Telemetry(const std::string& instance) {
    const auto [fd, error] = open_instance(instance, telemetry_name);
    if (error != 0) {
        reader_ = reader_socket(instance);
        if (!is_answered(reader_)) throw_not_running(instance, error);
        return;
    }
    socket_ = fd;
    greet();
}

Telemetry::Telemetry(int socket) : socket_(socket) {
    greet();
}

void Telemetry::greet() {
    const Json hello = Json::parse(receive(socket_, max_answer_bytes_), nullptr, false);
    if (hello.is_object()) max_answer_bytes_ = hello.value("max_output_len", max_answer_bytes_);
}

Telemetry::~Telemetry() {
    if (socket_ >= 0) close(socket_);
}

std::string Telemetry::exchange(const std::string& request) {
    if (send(socket_, request.data(), request.size(), MSG_NOSIGNAL) < 0)
        throw std::runtime_error(std::string("warren has gone: ") + std::strerror(errno));
    return receive(socket_, max_answer_bytes_);
}

Json Telemetry::read_page(const std::string& view, const std::string& cursor) const {
    const std::string path = reader_path(view, cursor);
    if (path.empty())
        throw NotAllowed(
            "no permission: members of the group read views and what has happened, no more");
    Json answer = read_view(reader_, path);
    if (answer.contains("next") && answer["next"].is_null()) answer.erase("next");
    return answer;
}

// The page travels as one string inside telemetry's own JSON.
Json Telemetry::page(const std::string& view, const std::string& cursor) {
    if (!reader_.empty()) return read_page(view, cursor);
    const std::string verb = "/warren/show/" + view;
    const Json outer =
        Json::parse(exchange(cursor.empty() ? verb : verb + "," + cursor), nullptr, false);
    if (!outer.is_object() || !outer.contains(verb) || !outer[verb].is_string()) {
        if (view == "servers_short") return page("servers", cursor);  // it is older than we are
        throw std::runtime_error("this instance does not know the view \"" + view + "\"");
    }
    Json inner = Json::parse(outer[verb].get<std::string>(), nullptr, false);
    if (inner.is_discarded()) throw std::runtime_error("warren's answer is not whole");
    if (inner.contains("usage")) throw NotUnderstood(inner["error"].get<std::string>());
    if (inner.contains("error")) throw std::runtime_error(inner["error"].get<std::string>());
    return inner;
}

std::vector<Json> Telemetry::rows(const std::string& view, std::string cursor, std::size_t most) {
    std::vector<Json> all;
    for (std::size_t i = 0; i < max_pages && all.size() < most; ++i) {
        Json answer = page(view, cursor);
        const auto keys = answer.value("keys", std::vector<std::string>());
        for (Json& row : answer["rows"])
            all.push_back(unfolded(row, keys));
        if (!answer.contains("next")) break;
        cursor = answer["next"].get<std::string>();
    }
    if (all.size() > most) all.resize(most);
    return all;
}

bool Telemetry::tells(const std::string& view) const {
    return reader_.empty() || !reader_path(view, "").empty();
}

pid_t Telemetry::process() const {
    if (!reader_.empty()) throw NotAllowed("no permission: who may only read gives no orders");
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (getsockopt(socket_, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        throw std::system_error(errno, std::generic_category(), "SO_PEERCRED");
    return peer.pid;
}

}  // namespace warren::ctl
