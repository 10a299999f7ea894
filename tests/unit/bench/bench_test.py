#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""warren-bench measures in each engine and mode, says it in one line of JSON, and ends when it is told to.

    bench_test.py BUILD
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(sys.argv.pop() if len(sys.argv) > 1 else ROOT / "build")
BENCH = str(BUILD / "app/bench/warren-bench")
MODES = ("io", "macswap", "5tswap", "arp", "echo", "fnat", "nat", "dr", "tun", "syn", "mixed")
KEYS = {"engine", "forward_mode", "flows", "packets", "cycles_per_packet", "quiet_cycles_per_packet", "mpps", "bytes_per_flow",
        "latency_ns", "stages"}
STAGES = ["rx", "look", "bucket", "forward", "tx", "chores"]


def run(*arguments):
    return subprocess.run([BENCH, *arguments], capture_output=True, text=True, timeout=100, check=False)


def measured(*arguments):
    said = run(*arguments, "--json")
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout.splitlines()[-1])


class Stage(unittest.TestCase):
    def test_every_mode_has_all_keys(self):
        for mode in MODES:
            with self.subTest(mode):
                # The generator alone is every fourth window: of two, a busy machine disturbs both.
                said = measured("--engine", "stage", f"--forward-mode={mode}", "--flows", "512", "--windows", "64")
                self.assertEqual((said["engine"], said["forward_mode"], said["flows"]), ("stage", mode, 512))
                self.assertEqual(KEYS - said.keys(), set())
                self.assertEqual(list(said["stages"]), STAGES)
                self.assertEqual((said["packets"], said["lost"]), (64 * 1024, 0))
                self.assertGreater(said["quiet_cycles_per_packet"], 0)

    def test_stages_are_the_whole(self):
        said = measured("--flows", "1000", "--seconds", "0.3")
        # Chores are some four cycles of a round, as much as a reading of the TSC varies by: they may come to nothing.
        self.assertGreater(min(cycles for stage, cycles in said["stages"].items() if stage != "chores"), 0)
        self.assertAlmostEqual(sum(said["stages"].values()) / said["quiet_cycles_per_packet"], 1, delta=0.4)

    def test_unknown_words_are_refused(self):
        for arguments in (("--forward-mode=none",), ("--engine", "none"), ("--flows", "1"), ("--clients", "5")):
            with self.subTest(arguments):
                said = run(*arguments)
                self.assertEqual(said.returncode, 1)
                self.assertTrue(said.stderr.startswith("warren-bench: "))

    def test_bursts_of_any_size(self):
        said = measured("--burst=4", "--flows", "512", "--windows", "8")
        self.assertEqual((said["packets"], said["lost"]), (8 * 32 * 4, 0))
        for arguments in (("--burst=0",), ("--burst=33",), ("--burst=8", "--forward-mode=mixed")):
            with self.subTest(arguments):
                self.assertEqual(run(*arguments).returncode, 1)

    def test_an_interrupt_ends_it_with_what_it_has(self):
        with subprocess.Popen([BENCH, "--flows", "512", "--seconds", "600", "--json"], stdout=subprocess.PIPE, text=True) as bench:
            with self.assertRaises(subprocess.TimeoutExpired):
                bench.wait(1)
            bench.send_signal(signal.SIGINT)
            output = bench.communicate(timeout=20)[0]
        self.assertEqual(bench.returncode, 0)
        self.assertGreater(json.loads(output.splitlines()[-1])["packets"], 0)


class AsTestpmd(unittest.TestCase):
    """Who knows testpmd finds the command line and the statistics that he expects."""
    EAL = ("-l", "0", "--no-huge", "-m", "96", "--no-pci", "--no-telemetry")
    OURS = ("--forward-mode=macswap", "--flows=512", "--windows=8", "--json")

    def test_options_before_the_dashes_are_eals(self):
        said = run(*self.EAL, "--", *self.OURS)
        self.assertEqual(said.returncode, 0, said.stderr)
        ran_on = json.loads(said.stdout.splitlines()[-1])["ran_on"]
        self.assertEqual((ran_on["driver"], ran_on["hugepages"]), ("net_ring", "no"))
        self.assertRegex(ran_on["dpdk"], r"^DPDK \d+\.")
        self.assertIn(f"cpu {ran_on['cpu']}", said.stdout)

    def test_each_side_of_the_dashes_keeps_its_own(self):
        for arguments in ((*self.EAL, *self.OURS, "--"), (*self.EAL, "--", "-l", "0"), (*self.EAL, *self.OURS),
                          (*self.EAL, "--", "--engine", "ring")):
            with self.subTest(arguments):
                said = run(*arguments)
                self.assertEqual(said.returncode, 1)
                self.assertIn("warren-bench: ", said.stderr)

    def test_statistics_have_its_layout(self):
        said = run("--flows=512", "--seconds=0.6", "--stats-period=0.2").stdout
        self.assertGreaterEqual(said.count("  ######################## NIC statistics for port 0  ########################\n  RX-packets: "), 3)
        for line in (r"  RX-packets: \d+ +RX-missed: 0 +RX-bytes:  \d+", r"  TX-packets: \d+ +TX-errors: 0 +TX-bytes:  \d+",
                     r"  Throughput \(since last show\)\n  Rx-pps: +[1-9]\d* +Rx-bps: +\d+\n  Tx-pps: +[1-9]\d* ",
                     r"  \++ Accumulated forward statistics for all ports\++\n  RX-packets: (\d+) +RX-dropped: 0 +RX-total: \1\n"):
            with self.subTest(line):
                self.assertRegex(said, line)


class Parts(unittest.TestCase):
    def test_each_part_has_its_figure(self):
        for mode in ("fnat", "nat", "dr"):
            with self.subTest(mode):
                said = measured("parts", f"--forward-mode={mode}", "--flows", "512", "--seconds", "0.1")
                self.assertEqual((said["engine"], KEYS - said.keys(), said["lost"]), ("parts", set(), 0))
                self.assertGreater(said["checksum_cycles"], 0)
                self.assertGreater(said["two_workers_ratio"], 0)
                self.assertIn("handed_off_more_cycles", said)

    def test_it_is_of_established_flows(self):
        for mode in ("tun", "syn", "arp", "io"):
            with self.subTest(mode):
                self.assertEqual(run("parts", f"--forward-mode={mode}").returncode, 1)


@unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "generator and worker need a CPU each")
class Ring(unittest.TestCase):
    def test_it_says_who_the_bottleneck_is(self):
        said = measured("ring", "--flows", "512", "--seconds", "0.5")
        self.assertEqual((said["engine"], KEYS - said.keys(), said["lost"]), ("ring", set(), 0))
        self.assertGreater(said["latency_ns"]["p50"], 0)
        self.assertAlmostEqual(said["mpps"] / said["ceiling_mpps"], said["of_ceiling"], delta=0.01)
        self.assertAlmostEqual(said["mpps"] / said["5tswap_mpps"], said["of_5tswap"], delta=0.01)

    def test_other_modes(self):
        for mode in ("macswap", "dr", "arp", "echo"):
            with self.subTest(mode):
                self.assertEqual(measured("ring", f"--forward-mode={mode}", "--flows", "64", "--seconds", "0.1")["lost"], 0)

    def test_several_workers_forward_all(self):
        for mode in ("fnat", "nat", "5tswap"):
            with self.subTest(mode):
                said = measured("ring", "--nb-cores=2", f"--forward-mode={mode}", "--flows", "64", "--seconds", "0.1")
                self.assertEqual(said["lost"], 0)
        self.assertEqual(run("stage", "--nb-cores=2").returncode, 1)

    def test_whole_connections_are_refused(self):
        self.assertEqual(run("ring", "--forward-mode=syn").returncode, 1)


if __name__ == "__main__":
    unittest.main()
