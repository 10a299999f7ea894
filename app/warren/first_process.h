// SPDX-License-Identifier: BSD-3-Clause
// As the first process of a container warren would be the parent of whatever the operator's scripts
// leave behind, and nobody else buries them. A parent in front of it does nothing but that, and
// passes signals on: what `docker run --init` would put there.
#pragma once

#include <optional>

namespace warren::app {

// Nothing: go on, as the child or because this is not the first process. Else all is over, and this
// is the exit status: the child's, 128 and its signal if one ended it. Call it before there are
// threads. Throws std::system_error when there can be no child.
std::optional<int> stand_in_front();

}  // namespace warren::app
