// SPDX-License-Identifier: BSD-3-Clause
// Which scripts of virtual_servers and real_servers run, and in which order.
#include "programs/server_notifier.h"
#include "programs/script_queues.h"

#include <gtest/gtest.h>

#include "unit/programs/scratch_folder.h"

namespace warren::programs {
namespace {

class ServerNotifierTest : public testing::Test {
  protected:
    config::Script script(const std::string& name, const std::string& before = "") const {
        return {{},
                folder_.script(name,
                               before + "\necho " + name + " \"$@\" >> " + folder_.path() + "/log"),
                "",
                ""};
    }
    std::string run(const std::function<void(ServerNotifier&)>& say) {
        ScriptQueues queues(io_, events_);
        ServerNotifier notifier(config_, queues);
        say(notifier);
        EXPECT_TRUE(run_until(io_, [&] { return queues.idle(); }));
        return folder_.read("log");
    }

    boost::asio::io_context io_;
    ScratchFolder folder_;
    journal::EventLog events_;
    config::Config config_;
};

TEST_F(ServerNotifierTest, OneAfterTheOtherAndWithoutArguments) {
    config::VirtualServer& service = config_.virtual_servers.emplace_back();
    service.quorum_up = script("quorum_up");
    service.quorum_down = script("quorum_down");
    service.real_servers.resize(2);
    service.real_servers[1].notify_up = script("up");
    service.real_servers[1].notify_down = script("down", "sleep 0.2");
    EXPECT_EQ(run([&](ServerNotifier& notifier) {
                  notifier.on_server(service, service.real_servers[1], false);
                  notifier.on_quorum(service, false);
                  notifier.on_server(service, service.real_servers[0], true);
                  notifier.on_server(service, service.real_servers[1], true);
                  notifier.on_quorum(service, true);
              }),
              "down\nquorum_down\nup\nquorum_up\n");
}

}  // namespace
}  // namespace warren::programs
