#!/usr/bin/env python3
"""report.py FILE... - tables from the JSON lines that run.py has written."""
import json
import os
import sys
from collections import defaultdict
from statistics import median

CLOSE = 1e-4  # what f32 may differ: of the largest logit, or of a loss
STEADY = 0.95, 1.05  # ours against ours: outside, the machine was too noisy for a verdict
WAIT = 0.05  # of a sample: who waits longer for a core was disturbed
RATES = {"tokenize": "MB/s", "text": "sentences/s"}


class Results:
    """One cell: samples (seconds, burst, share of waiting) by name, ratios of pairs. Disturbed
    pairs are left out where a peer has others."""

    def __init__(self, pairs):
        self.cell, self.work = pairs[0], pairs[0]["work"]
        self.unit = RATES.get(self.cell["task"], "ms")
        self.samples, self.ratios = defaultdict(list), defaultdict(list)
        quiet = [p for p in pairs
                 if all(s[2] <= WAIT for s in [p["sample"], *p["ours"].values()])]
        for pair in pairs:
            peer = pair["peer"]
            if pair not in quiet and any(q["peer"] == peer for q in quiet):
                continue
            self.samples[peer].append(pair["sample"])
            for ours, sample in pair["ours"].items():
                self.samples[ours].append(sample)
                self.ratios[peer, ours].append(pair["sample"][0] / sample[0])
        self.ours = [name for name in self.samples if name.startswith("ours")]
        self.peers = [n for n in self.samples if n not in self.ours and n != "control"]
        self.peers.sort(key=self.middle)
        self.control = self.ratio("control", self.ours[0])

    def name(self):
        c = self.cell
        return (f"{c['task']} {c['model']} {os.path.basename(c['input'])} {c['precision']}, "
                f"{c['threads']} thread{'s' if c['threads'] > 1 else ''}")

    def verdict(self):
        """A control that is off, or ours disturbed all the time: no verdict."""
        waits = median(sample[2] for sample in self.samples[self.ours[0]])
        return "" if STEADY[0] <= self.control <= STEADY[1] and waits <= WAIT else "void"

    def seconds(self, name):
        return [sample[0] for sample in self.samples[name]]

    def middle(self, name):
        return median(self.seconds(name))

    def ratio(self, peer, ours):
        return median(self.ratios[peer, ours]) if self.ratios[peer, ours] else float("nan")

    def show(self, seconds):
        """Milliseconds, or work by second."""
        return f"{seconds * 1e3:.2f}" if self.unit == "ms" else f"{self.work / seconds:.1f}"

    def share(self, name):
        """Percent of the burst beside each sample; nothing where work is not in flop."""
        if self.unit != "ms":
            return ""
        return f"{median(100 * self.work / s[0] / s[1] for s in self.samples[name]):.0f}"

    def row(self, name):
        bar = " *" if name in self.peers[:1] else ""
        waits = median(sample[2] for sample in self.samples[name]) * 100
        row = (f"  {name + bar:18}{self.show(self.middle(name)):>10}"
               f"{self.show(min(self.seconds(name))):>10}{self.share(name):>9}{waits:8.1f}")
        for ours in self.ours:
            row += f"{self.ratio(name, ours):12.2f}" if name in self.peers else " " * 12
        return row + f"{len(self.samples[name]):5}"

    def table(self):
        print(f"\n{self.name()}: {self.unit}; ours / ours {self.control:.3f} {self.verdict()}")
        share = "% burst" if self.unit == "ms" else ""
        heads = "".join(f"{'/ ' + name:>12}" for name in self.ours)
        print(f"  {'':18}{'median':>10}{'best':>10}{share:>9}{'% wait':>8}{heads}{'n':>5}")
        for name in [*self.ours, *self.peers]:
            print(self.row(name))
        sys.stdout.flush()


def is_close(record):
    """Whether an output that ought to be the reference's is. With random weights a sentence
    may have two labels that are nearly as probable."""
    if "largest" in record:
        return record["largest"] <= CLOSE
    return record["same"] >= (0.98 if record["task"] == "text" else 1)


def accuracy(records):
    """"same" counts tokens with the same label (forward), lines with the same
    entities (text) or ids (tokenize)."""
    print("\nDifferences from the reference, the first of each block:\n")
    print(f"  {'':46}{'rms':>9}{'largest':>9}{'same':>9}")
    for r in sorted(records, key=lambda r: (r["task"], r["model"], r["input"])):
        row = f"  {r['task']} {r['model']} {os.path.basename(r['input'])}"
        row = f"{row:34}{r['peer']:14}"
        for key, form in (("rms", ".1e"), ("largest", ".1e"), ("same", ".4f")):
            row += f"{r[key]:9{form}}" if key in r else " " * 9
        exact = r["peer"].endswith("f32")  # tokie is not ours to judge
        print(row + (" DIFFERS" if exact and not is_close(r) else ""))
    sys.stdout.flush()


def starts(records):
    print("\nA new process until it has tagged one sentence and ended:\n")
    print(f"  {'':16}{'median s':>10}{'best':>10}{'MiB':>10}")
    for name in dict.fromkeys(r["peer"] for r in records):
        seconds = [r["seconds"] for r in records if r["peer"] == name]
        mib = max(r["mib"] for r in records if r["peer"] == name)
        print(f"  {name:16}{median(seconds):10.3f}{min(seconds):10.3f}{mib:10.1f}")
    sys.stdout.flush()


def machine(record):
    versions = ", ".join(f"{k} {v}" for k, v in record["versions"].items())
    print(f"{record['cpu']}, {record['count']} CPUs, {record['date']}\n{versions}", flush=True)


def cells(records):
    found = defaultdict(list)
    for r in (r for r in records if r["kind"] == "pair"):
        found[tuple(r[k] for k in ("task", "model", "input", "threads", "precision"))].append(r)
    return [Results(pairs) for pairs in found.values()]


def summary(records):
    """The bar of each cell; True unless an output differs that ought not to."""
    checks = [r for r in records if r["kind"] == "check"]
    differ = [r for r in checks if r["peer"].endswith("f32") and not is_close(r)]
    if cells(records):
        print("\nThe fastest peer of each cell (the bar) and, in brackets, its time by ours:\n")
    for c in cells(records):
        for bar in c.peers[:1]:
            ours = ", ".join(f"{o} {c.show(c.middle(o))} ({c.ratio(bar, o):.2f})"
                             for o in c.ours)
            print(f"  {c.name():46} {bar:14}{c.show(c.middle(bar)):>9} {c.unit:12}{ours} "
                  f"{c.verdict()}")
    for r in differ:
        print(f"DIFFERS: {r['peer']} in {r['task']} {r['model']} {r['input']}")
    return not differ


def show(records):
    for record in (r for r in records if r["kind"] == "machine"):
        machine(record)
    for kind, table in (("check", accuracy), ("start", starts)):
        some = [r for r in records if r["kind"] == kind]
        if some:
            table(some)
    for cell in cells(records):
        cell.table()
    summary(records)


if __name__ == "__main__":
    show([json.loads(line) for path in sys.argv[1:] for line in open(path)])
