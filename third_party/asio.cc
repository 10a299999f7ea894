// SPDX-License-Identifier: BSD-3-Clause
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
