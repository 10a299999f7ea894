#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A drill's events as a timeline, and the timeline as a picture."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools"))

from warrenlab import picture, timeline  # noqa: E402  (the path must be set first)

SVG = "{http://www.w3.org/2000/svg}"
BEGIN = 1000.0    # of the drill, by the machine's clock


def adverts(port, first, last, interval=0.1, priority=100):
    count = round((last - first) / interval)
    return [{"event": "advert", "port": port, "t": BEGIN + first + i * interval, "priority": priority} for i in range(count + 1)]


def fault(name, at, end, **more):
    usual = {"fault": name, "instant": BEGIN + at, "window": (BEGIN + at - 0.2, BEGIN + end), "clients": 3, "broken": 0,
             "longest_gap": 0.6, "victims": None, "others_broken": 0}
    return {**usual, **more}


def event(kind, client, at):
    return {"event": kind, "client": client, "t": BEGIN + at}


# A dies at 10 s and returns at 20 s; a node dies at 30 s and takes p1's connection with it.
EVENTS = [*(event("up", client, 0) for client in ("c0", "p1", "p0")), event("down", "p1", 30.05), event("up", "p1", 30.25)]
ADVERTS = [*adverts("a", 0, 10), *adverts("b", 10.3, 20), {"event": "advert", "port": "b", "t": BEGIN + 20.05, "priority": 0},
           *adverts("a", 20, 40)]
GAPS = {"p0": [(BEGIN + 9.9, BEGIN + 10.5), (BEGIN + 11, BEGIN + 11.15)], "p1": [(BEGIN + 9.9, BEGIN + 10.6), (BEGIN + 30, BEGIN + 30.3)], "c0": []}
FAULTS = [fault("master killed", 10, 11), fault("master returns", 20, 20.1), fault("node <killed> & gone", 30, 31, broken=1, victims=["p1"])]
ACCOUNT = {"confirmed": 1234, "lost": 0, "duplicated": 2, "lost_ids": []}
MADE = timeline.make(EVENTS, ADVERTS, GAPS, FAULTS, ACCOUNT, 0.1)


class Timeline(unittest.TestCase):
    def test_reigns_are_runs_of_adverts(self):
        self.assertEqual([("a", 0, 10), ("b", 10.3, 20.05), ("a", 20, 40)],
                         [(run["by"], run["from"], run["to"]) for run in MADE["reigns"]])

    def test_a_late_advert_ends_no_reign(self):
        said = [{"event": "advert", "port": "a", "t": t, "priority": 100} for t in (1, 2, 4.4, 5, 9)]
        self.assertEqual([(1, 5), (9, 9)], [(run["from"], run["to"]) for run in timeline.reigns(said, 1)])

    def test_clients_publishers_first(self):
        self.assertEqual(["p0", "p1", "c0"], [client["name"] for client in MADE["clients"]])

    def test_waits_and_lost_connections(self):
        by_name = {client["name"]: client for client in MADE["clients"]}
        self.assertEqual([[9.9, 10.6], [30, 30.3]], by_name["p1"]["waits"])
        self.assertEqual([[30.05, 30.25]], by_name["p1"]["down"])
        self.assertEqual([], by_name["c0"]["down"])

    def test_a_connection_that_never_comes_back_is_missed_to_the_end(self):
        self.assertEqual({"p0": [[3, 9]]}, timeline.outages([{"event": "down", "client": "p0", "t": 3}], 9))

    def test_json_holds_it(self):
        self.assertEqual(MADE, json.loads(json.dumps(MADE)))


def shapes(root, kind):
    return [shape for shape in root.iter(SVG + "rect") if shape.get("class") == kind]


def extent(shape):
    return float(shape.get("x")), float(shape.get("x")) + float(shape.get("width"))


class Picture(unittest.TestCase):
    def setUp(self):
        self.root = xml.fromstring(picture.svg(MADE))
        self.scale = (extent(shapes(self.root, "panel")[0])[1] - extent(shapes(self.root, "panel")[0])[0]) / (4 + picture.BEFORE_S)

    def words(self):
        return [element.text for element in self.root.iter(SVG + "text")]

    def test_a_panel_for_each_fault_with_its_figures(self):
        self.assertEqual(3, len(shapes(self.root, "panel")))
        for words in ("master killed", "node <killed> & gone", "0 of 3 connections broken", "1 of 3 broken, all of that node", "longest wait 600 ms"):
            self.assertIn(words, self.words())

    def test_who_is_broken_without_need_is_bad(self):
        self.assertEqual("bad", picture.verdict({"broken": 2, "clients": 3, "victims": 1, "others_broken": 1})[0])
        self.assertEqual("bad", picture.verdict({"broken": 2, "clients": 3, "victims": None, "others_broken": 0})[0])

    def test_title_and_labels(self):
        self.assertIn("3 faults, 3 AMQP clients, one address: 1,234 messages confirmed, 0 lost", self.words())
        self.assertIn("2 publishers", self.words())
        self.assertIn("1 consumers", self.words())

    def test_the_owner_changes_where_it_did(self):
        panel = extent(shapes(self.root, "panel")[0])
        fault_at = panel[0] + self.scale
        old, new = shapes(self.root, "a")[0], shapes(self.root, "b")[0]
        self.assertAlmostEqual(panel[0], extent(old)[0], delta=0.2)
        self.assertAlmostEqual(fault_at, extent(old)[1], delta=0.2)
        self.assertAlmostEqual(fault_at + 0.3 * self.scale, extent(new)[0], delta=0.2)
        self.assertAlmostEqual(panel[1], extent(new)[1], delta=0.2)

    def test_a_wait_is_as_long_as_it_was(self):
        self.assertEqual(3, len(shapes(self.root, "wait")), "in the panels of their faults alone")
        begin, end = extent(shapes(self.root, "wait")[0])
        self.assertAlmostEqual(0.6 * self.scale, end - begin, delta=0.2)
        self.assertEqual("p0 waits 600 ms", shapes(self.root, "wait")[0].find(SVG + "title").text)

    def test_a_panel_goes_on_until_nobody_waits(self):
        slow = timeline.make(EVENTS, ADVERTS, {"p0": [(BEGIN + 9.9, BEGIN + 16.5)]}, FAULTS, ACCOUNT, 0.1)
        self.assertEqual([7, 4, 4], [picture.span_s(slow, one) for one in slow["faults"]])
        self.assertEqual(picture.LONGEST_S, picture.span_s(timeline.make(EVENTS, ADVERTS, {"p0": [(BEGIN + 9.9, BEGIN + 99)]}, FAULTS,
                                                                         ACCOUNT, 0.1), slow["faults"][0]))

    def test_a_lost_connection_is_drawn_over_the_wait(self):
        kinds = [shape.get("class") for shape in self.root.iter(SVG + "rect")]
        self.assertLess(max(i for i, kind in enumerate(kinds) if kind == "wait"), kinds.index("down"))

    def test_nothing_is_outside_of_its_panel_or_the_picture(self):
        _, _, width, height = (float(number) for number in self.root.get("viewBox").split())
        panels = [extent(panel) for panel in shapes(self.root, "panel")]
        for kind in ("a", "b", "wait", "down"):
            for shape in shapes(self.root, kind):
                self.assertTrue(any(begin - 0.2 <= extent(shape)[0] and extent(shape)[1] <= end + 1.3 for begin, end in panels))
        for shape in self.root.iter(SVG + "rect"):
            self.assertLessEqual(extent(shape)[1], width)
            self.assertLessEqual(float(shape.get("y")) + float(shape.get("height")), height)

    def test_colours_follow_the_reader(self):
        style = self.root.find(SVG + "style").text
        light, dark = style.split("@media (prefers-color-scheme: dark)")
        for kind in ("card", "panel", "lane", "a", "b", "wait", "down", "fault"):
            self.assertIn(f".{kind} ", light)
            self.assertIn(f".{kind} ", dark)

    def test_a_drill_without_faults_is_a_picture_too(self):
        xml.fromstring(picture.svg(timeline.make(EVENTS, ADVERTS, {}, [], ACCOUNT, 0.1)))

    def test_it_is_drawn_anew_from_what_was_written(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"timeline": MADE}, file)
            file.flush()
            drawn = subprocess.run([sys.executable, "-m", "warrenlab.picture", file.name], stdout=subprocess.PIPE, text=True, check=True,
                                   env={"PYTHONPATH": str(ROOT / "tools"), "PYTHONDONTWRITEBYTECODE": "1"}).stdout
        self.assertEqual(picture.svg(MADE), drawn)


if __name__ == "__main__":
    unittest.main()
