#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Clients of tests/bench/sync_takeover: idle connections, busy ones that wait for each answer; if there are none of either, a prober that
opens new ones, which then need not wait for the others.

    busy_clients.py ADDRESS PORT IDLE BUSY PAUSE

A line of input ends a phase: {"gaps": longest wait of each busy client for an answer, "probe": longest time without a new connection,
"lost": connections broken, "answered"} in seconds is its answer. "end": each idle connection must answer once more.
"""

import asyncio
import json
import sys
import time

PATIENCE = 15


class Clients:
    def __init__(self, address, port, pause):
        self.place, self.pause = (address, port), pause
        self.gaps, self.lost, self.answered = {}, 0, 0
        self.probed, self.probe_gap = time.monotonic(), 0.0
        self.idle = []

    async def busy(self, number):
        reader, writer = await asyncio.open_connection(*self.place)
        try:
            while True:
                asked = time.monotonic()
                writer.write(b"x")
                if not await reader.read(100):
                    break
                self.answered += 1
                self.gaps[number] = max(self.gaps.get(number, 0), time.monotonic() - asked)
                await asyncio.sleep(self.pause)
        except OSError:
            pass
        self.lost += 1

    async def probe(self):
        """A new connection each 2 ms, none waits for another: TCP repeats a SYN after a second only."""
        self.probed = time.monotonic()
        while True:
            asyncio.create_task(self.try_one())
            await asyncio.sleep(0.002)

    async def try_one(self):
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(*self.place), 0.25)
        except (OSError, asyncio.TimeoutError):
            return
        now = time.monotonic()
        self.probe_gap, self.probed = max(self.probe_gap, now - self.probed), now
        writer.close()

    async def open_idle(self, count):
        for begin in range(0, count, 200):
            some = [asyncio.open_connection(*self.place) for _ in range(begin, min(begin + 200, count))]
            for reader, writer in await asyncio.gather(*some):
                writer.write(b"x")
                await reader.read(100)
                self.idle.append((reader, writer))

    async def ask_idle(self, reader, writer):
        try:
            writer.write(b"x")
            if await asyncio.wait_for(reader.read(100), PATIENCE):
                return
        except (OSError, asyncio.TimeoutError):
            pass
        self.lost += 1

    def phase(self):
        answer = {"gaps": sorted(self.gaps.values()), "probe": self.probe_gap, "lost": self.lost, "answered": self.answered}
        self.gaps, self.probe_gap, self.answered = {}, 0.0, 0
        return answer

    async def run(self, idle, busy):
        await self.open_idle(idle)
        tasks = [asyncio.create_task(self.busy(number)) for number in range(busy)]
        if idle == busy == 0:
            tasks.append(asyncio.create_task(self.probe()))
        print(json.dumps({"open": idle + busy}), flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            if line.strip() == "end":
                await asyncio.gather(*(self.ask_idle(*connection) for connection in self.idle))
            print(json.dumps(self.phase()), flush=True)
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(Clients(sys.argv[1], int(sys.argv[2]), float(sys.argv[5])).run(int(sys.argv[3]), int(sys.argv[4])))
