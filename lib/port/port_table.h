// SPDX-License-Identifier: BSD-3-Clause
// Ports by their index in the snapshots. Fixed capacity, and a port keeps its index. A port opened
// at run time is added before a snapshot or a frame names its index, which is also what publishes
// it to the other threads: they never read an entry that has not been named.
#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>

#include "port/port.h"

namespace warren::port {

class PortTable {
  public:
    static constexpr std::size_t most = RTE_MAX_ETHPORTS;

    // By one thread. Both must outlive the table. `kernel_port`: where frames go that are not ours;
    // null: the kernel has its own copy (a shared interface). Throws std::length_error: full.
    void add(Port& port, Port* kernel_port = nullptr) {
        if (size_ == most) throw std::length_error("no room for another port");
        places_[size_++] = {&port, kernel_port};
    }
    std::size_t size() const { return size_; }

    Port& operator[](std::size_t index) const { return *places_[index].port; }
    Port* kernel_port(std::size_t index) const { return places_[index].kernel_port; }

  private:
    struct Place {
        Port* port = nullptr;
        Port* kernel_port = nullptr;
    };

    std::array<Place, most> places_;
    std::size_t size_ = 0;  // of the adding thread; the others know the indices named to them
};

}  // namespace warren::port
