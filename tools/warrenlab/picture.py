# SPDX-License-Identifier: BSD-3-Clause
"""A timeline (timeline.py) as SVG: a panel for each fault, from a second before it until it is over.

    python3 -m warrenlab.picture OUTCOME.json > PICTURE.svg    what `tools/demo --json` has written
"""
import json
import re
import sys
from xml.sax.saxutils import escape

from . import report

WIDTH, COLUMNS, MARGIN, SPACE = 980, 4, 22, 14
HEAD, FOOT = 74, 40                   # title; legend
PANEL_HEAD, PANEL_FOOT = 50, 24       # what it is; seconds
OWNER, APART, CLIENT, GROUP = 10, 3, 7, 7    # heights of lanes, and what parts them
LABELS = 76                           # left of the first panel of a row
BEFORE_S, SHORTEST_S, LONGEST_S = 1, 4, 12
SHORTEST_WAIT_S = 0.2                 # on a busy machine all wait for less at times
STYLE = """
.card { fill: #ffffff; stroke: #d0d7de } .panel { fill: #f6f8fa } .lane { fill: #e4e8ec }
text { fill: #57606a; font: 11px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif }
.title { fill: #1f2328; font-size: 17px; font-weight: 600 } .name { fill: #1f2328; font-size: 12px; font-weight: 600 }
.good { fill: #1a7f37; font-weight: 600 } .own { fill: #953800; font-weight: 600 } .bad { fill: #cf222e; font-weight: 600 } .end { text-anchor: end } .mid { text-anchor: middle }
.a { fill: #0969da } .b { fill: #8250df } .wait { fill: #e09a1a } .down { fill: #cf222e } .fault { stroke: #1f2328; stroke-dasharray: 3 2 }
.tick { stroke: #d0d7de }
@media (prefers-color-scheme: dark) {
.card { fill: #0d1117; stroke: #30363d } .panel { fill: #161b22 } .lane { fill: #272e37 }
text { fill: #9198a1 } .title, .name { fill: #e6edf3 } .good { fill: #3fb950 } .own { fill: #e3a06b } .bad { fill: #ff7b72 }
.a { fill: #4493f8 } .b { fill: #ab7df8 } .wait { fill: #d29922 } .down { fill: #f85149 } .fault { stroke: #e6edf3 }
.tick { stroke: #30363d }
}
"""


def rect(kind, x, y, width, height, title="", radius=1):
    hint = f"<title>{escape(title)}</title>" if title else ""
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}">{hint}</rect>'


def text(kind, words, x, y):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def line(kind, x, top, bottom):
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'


def long_waits(client):
    return [pair for pair in client["waits"] if pair[1] - pair[0] >= SHORTEST_WAIT_S]


def span_s(timeline, fault):
    """Seconds after a fault that its panel shows: until nobody waits any more, in whole seconds."""
    ends = [b for client in timeline["clients"] for a, b in [*long_waits(client), *client["down"]]
            if b > fault["at"] and a < fault["end"]]
    return min(LONGEST_S, max([SHORTEST_S, *(int(end - fault["at"]) + 1 for end in ends)]))


def verdict(fault):
    """Who lost a connection: nobody, those of a node that died, or others."""
    if fault["broken"] == 0:
        return "good", f"0 of {fault['clients']} connections broken"
    if fault["victims"] and fault["others_broken"] == 0:
        return "own", f"{fault['broken']} of {fault['clients']} broken, all of that node"
    return "bad", f"{fault['broken']} of {fault['clients']} connections broken"


class Panel:
    """One fault: x is time from BEFORE_S before it on, lanes go down from the owners to the last client."""

    def __init__(self, timeline, fault, place, width):
        self.timeline, self.fault = timeline, fault
        self.x, self.y = place
        self.width, self.after = width, span_s(timeline, fault)
        self.out = []

    def at(self, seconds):
        """Where a time since the drill's begin is, not beyond the panel."""
        since = min(self.after, max(-BEFORE_S, seconds - self.fault["at"]))
        return self.x + (since + BEFORE_S) * self.width / (self.after + BEFORE_S)

    def bar(self, kind, pair, y, height, title):
        begin, end = self.at(pair[0]), self.at(pair[1])
        if end > begin:
            self.out.append(rect(kind, begin, y, max(1.2, end - begin), height, title))

    def owners(self, y):
        for index, letter in enumerate("ab"):
            top = y + index * (OWNER + APART)
            self.out.append(rect("lane", self.x, top + OWNER / 2 - 0.5, self.width, 1))
            for run in self.timeline["reigns"]:
                if run["by"] == letter:
                    self.bar(letter, (run["from"], run["to"]), top, OWNER, f"{letter.upper()} is master")

    def client(self, client, y):
        self.out.append(rect("lane", self.x, y + CLIENT / 2 - 0.5, self.width, 1))
        for kind, pairs, what in (("wait", long_waits(client), "waits"), ("down", client["down"], "without a connection for")):
            for pair in pairs:
                self.bar(kind, pair, y + 1, CLIENT - 2, f"{client['name']} {what} {report.seconds(pair[1] - pair[0])}")

    def scale(self, bottom):
        for second in range(0, self.after + 1, 1 if self.after <= 6 else 2):
            x = self.at(self.fault["at"] + second)
            self.out.append(line("tick", x, bottom, bottom + 4))
            self.out.append(text("mid", f"{second} s" if second == 0 else str(second), x, bottom + 16))

    def head(self):
        fault = self.fault
        self.out.append(text("name", re.sub(r" \(rabbit.*", "", fault["name"]), self.x, self.y + 14))
        self.out.append(text(*verdict(fault), self.x, self.y + 29))
        self.out.append(text("", f"longest wait {report.seconds(fault['longest_gap'])}", self.x, self.y + 43))

    def draw(self):
        self.head()
        top = self.y + PANEL_HEAD
        bottom = top + lanes_height(self.timeline)
        self.out.append(rect("panel", self.x, top - 3, self.width, bottom - top + 6, radius=3))
        self.owners(top)
        for y, client in zip(client_lanes(self.timeline, top), self.timeline["clients"]):
            self.client(client, y)
        self.out.append(line("fault", self.at(self.fault["at"]), top - 3, bottom + 3))
        self.scale(bottom + 3)
        return self.out


def client_lanes(timeline, top):
    """y of each client; publishers and consumers stand apart."""
    y, lanes, before = top + 2 * OWNER + APART + GROUP, [], None
    for client in timeline["clients"]:
        kind = client["name"][0]
        y += GROUP if before not in (None, kind) else 0
        lanes.append(y)
        y, before = y + CLIENT, kind
    return lanes


def lanes_height(timeline):
    lanes = client_lanes(timeline, 0)
    return (lanes[-1] if lanes else 2 * OWNER) + CLIENT


def labels(timeline, top):
    """What the lanes are, at the left of a row."""
    x = MARGIN + LABELS - 10
    out = [text("end", "A is master", x, top + 9), text("end", "B is master", x, top + OWNER + APART + 9)]
    lanes = client_lanes(timeline, top)
    for letter, name in (("p", "publishers"), ("c", "consumers")):
        mine = [y for y, client in zip(lanes, timeline["clients"]) if client["name"][0] == letter]
        if mine:
            out.append(text("end", f"{len(mine)} {name}", x, (mine[0] + mine[-1] + CLIENT) / 2 + 4))
    return out


def legend(y):
    out, x = [], MARGIN
    for kind, words in (("a", "A has the address"), ("b", "B has it"), ("wait", f"a client waits {SHORTEST_WAIT_S} s or more for a confirm or a delivery"),
                        ("down", "it has no connection")):
        out += [rect(f"{kind} key", x, y - 8, 14, 8), text("", words, x + 20, y)]
        x += 44 + 6.2 * len(words)
    return [*out, text("end", "seconds since the fault", WIDTH - MARGIN, y)]


def title(timeline):
    account, faults = timeline["account"], timeline["faults"]
    waits = f"{account['confirmed']:,} messages confirmed, {account['lost']} lost"
    return [text("title", f"{len(faults)} faults, {len(timeline['clients'])} AMQP clients, one address: {waits}", MARGIN, 34),
            text("", "Two warrens (A, B) in front of three RabbitMQ nodes, clients publish and consume all the while; "
                 f"advert_int {timeline['interval']:g}. Measured by tools/demo.", MARGIN, 54)]


def svg(timeline):
    """The whole picture. Light or dark as the reader has it."""
    width = (WIDTH - 2 * MARGIN - LABELS - (COLUMNS - 1) * SPACE) / COLUMNS
    height = PANEL_HEAD + lanes_height(timeline) + PANEL_FOOT + SPACE
    rows = max(1, -(-len(timeline["faults"]) // COLUMNS))
    total = HEAD + rows * height + FOOT
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" width="{WIDTH}" height="{total}" role="img">',
           f"<title>{escape('What clients of the address saw of each fault')}</title><style>{STYLE}</style>",
           rect("card", 0.5, 0.5, WIDTH - 1, total - 1, radius=8), *title(timeline)]
    for row in range(rows):
        out += labels(timeline, HEAD + row * height + PANEL_HEAD)
    for index, fault in enumerate(timeline["faults"]):
        place = (MARGIN + LABELS + index % COLUMNS * (width + SPACE), HEAD + index // COLUMNS * height)
        out += Panel(timeline, fault, place, width).draw()
    return "\n".join([*out, *legend(total - 18), "</svg>", ""])


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.stdout.write(svg(json.load(file)["timeline"]))


if __name__ == "__main__":
    main()
