# SPDX-License-Identifier: BSD-3-Clause
"""How long TCP connections take. `python3 -m warrenlab.connect ADDRESS PORT COUNT IDLE-SECONDS`; prints a JSON list."""

import json
import socket
import sys
import time


def main(address, port, count, idle_s):
    times = []
    for _ in range(int(count)):
        time.sleep(float(idle_s))    # the idleness that is to be measured, not a wait for something
        begin = time.monotonic()
        socket.create_connection((address, int(port)), timeout=1).close()
        times.append(time.monotonic() - begin)
    print(json.dumps(times))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
