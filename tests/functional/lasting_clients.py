#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Connections that last: N of them to one place, a third sends every 20 ms, the others every 200; each comes back when it is lost.

    lasting_clients.py ADDRESS PORT N [once]    "once": who is lost does not come back

Writes one line of JSON for each loss, {"lost": WALL TIME}, and {"open": N} when all are there for the first time. Ends with its input.
"""

import asyncio
import json
import sys
import time

PAUSE = 0.02
LONG_PAUSE = 0.2    # of most: theirs is nothing under way when something happens


def say(**words):
    print(json.dumps(words), flush=True)


class Clients:
    def __init__(self, address, port, wanted, once):
        self.place, self.wanted, self.once = (address, port), wanted, once
        self.opened = 0

    async def live(self, pause):
        while True:
            try:
                reader, writer = await asyncio.open_connection(*self.place)
            except OSError:
                await asyncio.sleep(PAUSE)
                continue
            try:
                await self.talk(reader, writer, pause)
            except OSError:
                pass
            say(lost=time.time())
            writer.close()
            if self.once:
                return

    async def talk(self, reader, writer, pause):
        first = True
        while True:
            writer.write(b"x")
            if not await reader.read(100):
                return
            if first:
                first = False
                self.opened += 1
                if self.opened == self.wanted:
                    say(open=self.wanted)
            await asyncio.sleep(pause)

    async def run(self):
        tasks = [asyncio.create_task(self.live(LONG_PAUSE if number % 3 else PAUSE)) for number in range(self.wanted)]
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(Clients(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), "once" in sys.argv[4:]).run())
