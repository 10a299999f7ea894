// SPDX-License-Identifier: BSD-3-Clause
// The ports by the index that snapshots know them by. There is room for all from the start, and who
// has a place keeps it. A port that comes while all runs is put in before a snapshot, or a frame of
// it, names its index: with that it is handed over to the other threads, and nobody looks at a
// place that has not been named.
#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>

#include "port/port.h"

namespace warren::port {

class PortTable {
  public:
    static constexpr std::size_t most = RTE_MAX_ETHPORTS;

    // For one thread. Both outlive the table; `kernel_port`: where what `port` receives and is not
    // ours goes; null: the kernel has its own copy (a shared interface), or none. Throws
    // std::length_error: it is full.
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
    std::size_t size_ = 0;  // the others count what has been named to them
};

}  // namespace warren::port
