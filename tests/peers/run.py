#!/usr/bin/env python3
"""run.py FOLDER PROGRAM - compares and times this library and its peers; run.sh calls it.

FOLDER holds "ours", the built ours.c, and "models", what make_models.py has written; results go
there as JSON lines. PROGRAM is the built tokclass. README.md lists the variables of the
environment that choose a part of the work.
"""
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from importlib import metadata

import numpy as np

import common
import report
import texts
from servers import PEER, Failure, Runner, Server

Cell = namedtuple("Cell", "task model input threads precision")
OURS = {"f32": ["f32", "s16"], "int8": ["s8"]}
PEERS = {("forward", "f32"): ["torch-f32", "ort-f32", "ov-f32", "ct2-f32"],
         ("forward", "int8"): ["torch-int8", "ort-int8", "ov-int8", "ct2-int8"],
         ("train", "f32"): ["torch-f32"],
         ("text", "f32"): ["pipeline-f32", "ort-f32", "ov-f32"],
         ("text", "int8"): ["pipeline-int8", "ort-int8", "ov-int8"],
         ("tokenize", "f32"): ["hf", "tokie"],
         ("start", "int8"): ["ort-int8", "ov-int8", "ct2-int8"]}
PARTS = ["check", "forward", "tokenize", "train", "text", "start"]


def chosen(name, default=""):
    return os.environ.get(name, default).replace(",", " ").split()


def peers_of(task, precision):
    """Those of the table that PEERS names: a runtime, "ort", or with its precision."""
    wanted = chosen("PEERS")
    return [p for p in PEERS.get((task, precision), [])
            if not wanted or p in wanted or p.split("-")[0] in wanted]


def ours_of(task, precision):
    return OURS[precision] if task in ("forward", "text") else ["f32"]


# ---- timing ----

def variants(cell, peer):
    """(name, input) of the ways in which a peer can do the work; its best one is the bar."""
    if cell.input.startswith("mix"):
        each = cell.input.replace("mix", "each")
        return [("padded", cell.input), ("each", each)]
    if cell.task == "text" and not peer.startswith("pipeline"):
        return [("each", cell.input), ("by 32", cell.input + ":32")]
    return [("", cell.input)]


def measure(cell, ours, rivals, write):
    """Rounds in which every rival stands between two samples of ours; the first rival is ours
    again, the control. At least three rounds, then until ROUNDS or CELL seconds are over."""
    rounds, limit = int(chosen("ROUNDS", "5")[0]), float(chosen("CELL", "40")[0])
    begin, pairs = time.time(), []
    for number in range(rounds):
        if number >= 3 and time.time() - begin > limit:
            break
        turn = number % len(rivals)
        for rival in rivals[turn:] + rivals[:turn]:
            order = [ours[0], rival, *ours[1:]] if rival.name != "control" else [ours[0], rival]
            got = {r.name: r.sample() for r in (order if number % 2 == 0 else order[::-1])}
            pairs.append(write(kind="pair", **cell._asdict(), work=work(cell), round=number,
                               peer=rival.name, sample=got.pop(rival.name), ours=got))
    report.Results(pairs).table()


def work(cell):
    """What one run does: Gflop, or megabytes, or sentences."""
    if cell.task == "tokenize":
        return os.path.getsize(cell.input) * 1e-6
    if cell.task == "text":
        return len(common.read_lines(cell.input))
    return common.gflop(cell.task, cell.model, cell.input)


def runners(cell, servers, burst):
    """The runners of a cell; one that fails says why and is left out."""
    found = []
    for server in servers:
        every = [("", cell.input)] if server.name.startswith("ours") else \
            variants(cell, server.name)
        for variant in every:
            try:
                found.append(Runner(server, cell, variant, burst))
            except Failure as reason:
                print(reason, flush=True)
    return found


def group(cells, write):
    """Cells that differ in their input only: the same processes serve all of them."""
    task, _, _, threads, precision = cells[0]
    ours = ["ours " + d for d in ours_of(task, precision)]
    names = peers_of(task, precision)
    if not names:
        return
    servers = [Server(name, threads) for name in [*ours, ours[0], *names]]
    burst = Server("ours f32", threads)
    for cell in cells:
        every = runners(cell, servers, burst)
        if len([r for r in every if r.name.startswith("ours")]) <= len(ours):
            continue
        every[len(ours)].name = "control"
        try:
            measure(cell, every[:len(ours)], every[len(ours):], write)
        except Failure as reason:
            print(reason, flush=True)
    for server in [*servers, burst]:
        server.end()


# ---- what is to be timed ----

def threads_of():
    return [t for t in map(int, chosen("THREADS", "1 2")) if t <= os.cpu_count()]


def forward_inputs(model):
    if chosen("SHAPES"):
        return chosen("SHAPES")
    return common.SHAPES if model == "minilm" or chosen("MODELS") else common.SHAPES[:2]


def groups(part):
    """Lists of cells for group()."""
    models = chosen("MODELS", "minilm bert")
    if part == "forward":
        for model in models:
            for threads in threads_of():
                for precision in OURS:
                    yield [Cell(part, model, i, threads, precision)
                           for i in forward_inputs(model)]
    elif part == "train":
        for model, shapes in (("minilm", ["8x32", "16x64"]), ("bert", ["8x32"])):
            for threads in threads_of() if model in models else []:
                yield [Cell(part, model, shape, threads, "f32") for shape in shapes]
    elif part == "text":
        for threads in threads_of():
            for precision in OURS:
                yield [Cell(part, models[0], texts.sentences(), threads, precision)]
    elif part == "tokenize":
        yield [Cell(part, "tokenizer", path, 1, "f32") for path in texts.documents()]


# ---- do all compute the same? ----

def compare(task, source, want, got):
    """How far the output in file `got` is from that in `want`: errors relative to what is
    wanted, and the share of tokens or lines that are the same."""
    if task == "forward":
        mask = common.batch(source)[1] > 0
        a, b = (np.load(path)[mask].astype(np.float64) for path in (want, got))
        return {"rms": float(np.sqrt(((a - b) ** 2).mean() / (a ** 2).mean())),
                "largest": float(abs(a - b).max() / abs(a).max()),
                "same": float((a.argmax(-1) == b.argmax(-1)).mean())}
    a, b = common.read_lines(want), common.read_lines(got)
    if task == "train":
        return {"largest": max(abs(float(x) / float(y) - 1) for x, y in zip(b, a))}
    return {"same": sum(x == y for x, y in zip(a, b)) / len(a)}


def contestants(task):
    """The reference, everybody else in f32, everybody in int8."""
    names = [PEERS[task, "f32"][0]]
    for precision in OURS if (task, "int8") in PEERS else ["f32"]:
        names += ["ours " + d for d in ours_of(task, precision)] + peers_of(task, precision)
    return list(dict.fromkeys(names))


def check(task, model, inputs, write):
    """Each contestant's outputs against the reference's, one process after the other."""
    with tempfile.TemporaryDirectory(dir=".") as place:
        for name in contestants(task):
            server = Server(name, 1)
            try:
                for i, source in enumerate(inputs):
                    path = f"{place}/{name}-{i}".replace(" ", "-")
                    server.ask(task, model, source, 1, "=" + path)
                    want = f"{place}/{PEERS[task, 'f32'][0]}-{i}"
                    write(kind="check", task=task, model=model, input=source, peer=name,
                          **compare(task, source, want, path))
            except Failure as reason:
                print(reason, flush=True)
            server.end()


def checks(write):
    """What is timed later is checked, or everything if PARTS is "check" alone."""
    models = chosen("MODELS", "minilm bert")
    parts = set(chosen("PARTS")) - {"check"} or PARTS
    for model in models if "forward" in parts else []:
        check("forward", model, ["1x16", "mix8"], write)
    if "tokenize" in parts:
        check("tokenize", "tokenizer", texts.documents(), write)
    if "train" in parts:
        check("train", models[0], ["8x32"], write)
    if "text" in parts:
        check("text", models[0], [texts.sentences()], write)


# ---- cold start ----

def starts(program, write):
    """A new process until it has tagged one sentence and ended; files are in the page cache."""
    model, text = chosen("MODELS", "minilm")[0], "Ada Lovelace met Charles Babbage in London."
    commands = {"ours s8": [program, "tag", f"models/{model}/s8.tcm", "--text", text]}
    for name in peers_of("start", "int8"):
        commands[name] = [sys.executable, PEER, "models", name, model, text]
    for number in range(int(chosen("ROUNDS", "5")[0]) + 1):
        for name, command in commands.items():
            started = subprocess.run([os.path.abspath("ours"), "start", *command],
                                     capture_output=True, text=True)
            if started.returncode:
                print(f"{name} fails to start")
            elif number:  # the first reads the files
                taken, mib = map(float, started.stdout.split())
                write(kind="start", model=model, peer=name, round=number, seconds=taken,
                      mib=mib)


# ---- all ----

def machine():
    """What the figures depend on."""
    cpu = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as f:
            cpu = next((s.split(": ")[1].strip() for s in f if s.startswith("model name")), cpu)
    versions = {}
    with open(PEER.replace("peer.py", "requirements.txt")) as f:
        for name in (line.split("==")[0] for line in f):
            try:
                versions[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                print(f"{name} is not there")
    return {"cpu": cpu, "count": os.cpu_count(), "versions": versions,
            "date": time.strftime("%Y-%m-%d %H:%M")}


def main():
    program = os.path.abspath(sys.argv[2])
    os.chdir(sys.argv[1])  # all paths below are relative: requests hold no spaces
    path = f"results-{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    records = []
    with open(path, "w", buffering=1) as f:
        def write(**record):
            records.append(record)
            f.write(json.dumps(record) + "\n")
            return record

        report.machine(write(kind="machine", **machine()))
        for part in chosen("PARTS", " ".join(PARTS)):
            begin = len(records)
            if part == "check":
                checks(write)
                report.accuracy(records[begin:])
            elif part == "start":
                starts(program, write)
                report.starts(records[begin:])
            for cells in groups(part):
                group(cells, write)
    good = report.summary(records)
    print(f"\nEvery sample: {os.path.abspath(path)}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
