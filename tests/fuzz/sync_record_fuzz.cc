// SPDX-License-Identifier: BSD-3-Clause
// Records of flow sync: whatever is read comes back the same from its own bytes, which are no more
// than were there, and nothing is read behind what is malformed.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "sync/record.h"

namespace {

using namespace warren;

void require(bool holds) {
    if (!holds) std::abort();
}

void check(const sync::Record& record) {
    std::array<std::uint8_t, sync::longest_record_bytes> bytes{};
    const std::size_t length = sync::encode(record, bytes);
    require(length == sync::encoded_bytes(record));
    require(length >= sync::shortest_record_bytes && length % 4 == 0);
    sync::RecordReader reader(net::ConstBytes(bytes).first(length));
    require(reader.next() == record);
    require(!reader.next() && !reader.malformed());
    if (const auto* flow = std::get_if<sync::FlowRecord>(&record)) {
        sync::FlowRecord again = sync::FlowRecord::of(flow->to_flow(), flow->idle_s);
        again.flags = flow->flags;
        again.client_interface = flow->client_interface;
        require(again == *flow);
        require(sync::EndRecord::of(flow->identity(), {}).names(flow->identity()));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    sync::RecordReader reader({data, size});
    std::size_t records = 0;
    while (const auto record = reader.next()) {
        check(*record);
        ++records;
    }
    require(records * sync::shortest_record_bytes <= size);
    require(!reader.next());
    return 0;
}
