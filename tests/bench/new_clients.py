#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Opens connections all the while; each asks something 0.2 s later, and must get an answer if its connect() had returned.

    new_clients.py ADDRESS PORT PER_SECOND

A line of input ends a phase: {"opened", "broken": when those that broke had been opened, by time.time(), "connect_us": sorted times of
connect()} is its answer.
"""

import asyncio
import json
import sys
import time


class Clients:
    def __init__(self, address, port):
        self.place = (address, port)
        self.opened, self.broken, self.times = 0, [], []

    async def one(self):
        begun = time.monotonic()
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(*self.place), 5)
        except (OSError, asyncio.TimeoutError):
            return    # not opened, so nothing breaks
        self.opened += 1
        opened = time.time()
        self.times.append(round((time.monotonic() - begun) * 1e6))
        await asyncio.sleep(0.2)
        try:
            writer.write(b"x")
            if not await asyncio.wait_for(reader.read(100), 10):
                self.broken.append(opened)
            writer.close()
        except (OSError, asyncio.TimeoutError):
            self.broken.append(opened)

    async def open_all_the_while(self, pause):
        tasks = set()
        while True:
            tasks.add(task := asyncio.create_task(self.one()))
            task.add_done_callback(tasks.discard)
            await asyncio.sleep(pause)

    async def run(self, pause):
        opening = asyncio.create_task(self.open_all_the_while(pause))
        print(json.dumps({"begun": True}), flush=True)
        while await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
            print(json.dumps({"opened": self.opened, "broken": self.broken, "connect_us": sorted(self.times)}), flush=True)
            self.opened, self.broken, self.times = 0, [], []
        opening.cancel()


if __name__ == "__main__":
    asyncio.run(Clients(sys.argv[1], int(sys.argv[2])).run(1 / float(sys.argv[3])))
