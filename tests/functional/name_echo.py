#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A server whose clients want to know who serves them: its name and what it was sent, again and again, until the other side ends.

    name_echo.py NAME       at port 5672, IPv4 and IPv6; beside another one, if there is one
"""

import asyncio
import sys


async def serve(reader, writer):
    try:
        while data := await reader.read(1000):
            writer.write(sys.argv[1].encode() + b" " + data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def main():
    async with await asyncio.start_server(serve, None, 5672, reuse_port=True) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
