# SPDX-License-Identifier: BSD-3-Clause
"""What happened when, from the events of a drill: faults, who was master, what each client waited for.

A timeline is a dictionary that JSON can hold, in seconds since the drill began:
    faults      name, what its Result says (STATED), at (the fault), end (all clients served again)
    reigns      by ("a" or "b"), from, to: its adverts from the first to the last
    clients     name, waits ([from, to] without a confirm or a delivery), down ([from, to] without a connection)
    account     confirmed, lost, duplicated
    interval    between adverts
"""

STATED = ("clients", "broken", "others_broken", "victims", "longest_gap")


def reigns(adverts, interval):
    """Runs of adverts; priority 0 is a good-bye, and a pause of more than two intervals ends a reign too."""
    runs = {}
    ended = []
    for advert in sorted(adverts, key=lambda advert: advert["t"]):
        port, now = advert["port"], advert["t"]
        run = runs.get(port)
        if run and now - run["to"] > 2.5 * interval:
            ended.append(runs.pop(port))
            run = None
        if advert["priority"] == 0:
            if run:
                ended.append(runs.pop(port) | {"to": now})
        elif run:
            run["to"] = now
        else:
            runs[port] = {"by": port, "from": now, "to": now}
    return sorted([*ended, *runs.values()], key=lambda run: run["from"])


def outages(events, end):
    """{client: [from, to] of each time that it had no connection}."""
    down, found = {}, {}
    for event in sorted(events, key=lambda event: event["t"]):
        client = event["client"]
        if event["event"] == "down":
            down.setdefault(client, event["t"])
        elif event["event"] == "up" and client in down:
            found.setdefault(client, []).append([down.pop(client), event["t"]])
    for client, since in down.items():
        found.setdefault(client, []).append([since, end])
    return found


def make(events, adverts, gaps, faults, account, interval):
    """Times of CLOCK_MONOTONIC in, seconds since the first event out. `events` are those of clients (up, down), `faults` the
    drill's results as dictionaries."""
    times = [event["t"] for event in [*events, *adverts]]
    begin, end = min(times), max(times)
    since = lambda pairs: [[round(a - begin, 4), round(b - begin, 4)] for a, b in pairs]  # noqa: E731
    lost = outages(events, end)
    return {
        "faults": [{"name": fault["fault"], "at": round(fault["instant"] - begin, 4), "end": round(fault["window"][1] - begin, 4),
                    **{name: fault[name] for name in STATED}} for fault in faults],
        "reigns": [{"by": run["by"], "from": round(run["from"] - begin, 4), "to": round(run["to"] - begin, 4)}
                   for run in reigns(adverts, interval)],
        "clients": [{"name": name, "waits": since(gaps.get(name, [])), "down": since(lost.get(name, []))}
                    for name in sorted({event["client"] for event in events}, key=client_order)],
        "interval": interval,
        "account": {name: account[name] for name in ("confirmed", "lost", "duplicated")},
    }


def client_order(name):
    """Publishers first, then by number."""
    return (name[0] != "p", int(name[1:]))
