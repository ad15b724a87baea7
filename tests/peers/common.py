"""What all peers have in common: models, inputs, outputs, and the loop of a server.

A server speaks the protocol in the first comment of ours.c: a request "TASK MODEL INPUT THREADS
N" on a line, the seconds of N runs as the answer; "=FILE" in place of N writes what one run
gives. Numbers in inputs come from the same generator as those of ours.c.
"""
import os
import sys
import time
from collections import namedtuple

import numpy as np

Architecture = namedtuple("Architecture", "layers hidden heads wide")
MODELS = {"minilm": Architecture(6, 384, 12, 1536),
          "distil": Architecture(6, 768, 12, 3072),
          "bert": Architecture(12, 768, 12, 3072)}
SHAPES = ["1x16", "1x128", "8x128", "mix32"]
LABELS = "O B-PER I-PER B-ORG I-ORG B-LOC I-LOC B-MISC I-MISC".split()
VOCABULARY = 30522


def _numbers(x):
    """The generator of ours.c, without end."""
    while True:
        x = (x * 1664525 + 1013904223) % 2 ** 32
        yield x >> 8


def lengths(shape):
    """Tokens of each sequence: "BxS", or "mixB" and "eachB" with B of 8 to 128 tokens."""
    if shape.startswith(("mix", "each")):
        numbers = _numbers(1)
        return [8 + next(numbers) % 121 for _ in range(int(shape.lstrip("mixeach")))]
    sequences, length = map(int, shape.split("x"))
    return [length] * sequences


def batch(shape):
    """ids and mask [B, longest] as int64, zeros behind the end of a sequence."""
    every = lengths(shape)
    ids = np.zeros((len(every), max(every)), np.int64)
    mask = np.zeros_like(ids)
    numbers = _numbers(7)
    for row, length in enumerate(every):
        ids[row, :length] = [1000 + next(numbers) % (VOCABULARY - 1000) for _ in range(length)]
        ids[row, 0], ids[row, length - 1] = 101, 102
        mask[row, :length] = 1
    return ids, mask


def batches(shape):
    """The calls that a shape is made of: one, or for "each" one for every sequence."""
    ids, mask = batch(shape)
    if not shape.startswith("each"):
        return [(ids, mask)]
    return [(ids[i:i + 1, :n], mask[i:i + 1, :n]) for i, n in enumerate(lengths(shape))]


def gflop(task, model, shape):
    """Work of the matrix products on the tokens that are not padding; an update is three
    forward passes."""
    a = MODELS[model]
    total = 0.0
    for n in lengths(shape):
        linear = 4 * a.hidden * a.hidden + 2 * a.hidden * a.wide
        total += 2 * n * a.layers * (linear + 2 * n * a.hidden) + 2 * n * a.hidden * len(LABELS)
    return total * (3 if task == "train" else 1) * 1e-9


def read_lines(path):
    with open(path, encoding="utf-8", newline="\n") as f:
        return f.read().split("\n")[:-1]


def serve(make):
    """Answers requests until the input ends. make(task, model, input, threads) gives two
    functions: run() does the work once, save(path) writes what comes of it."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    ready = {}
    for line in sys.stdin:
        words = line.split()
        try:
            print(f"{_answer(ready, make, words):.9f}", file=out)
        except Exception as e:  # the driver prints it and goes on without this peer
            reason = " ".join(str(e).split())[:200]
            print(f"err {words[0]} failed: {type(e).__name__}: {reason}", file=out)


def _answer(ready, make, words):
    key, last = tuple(words[:4]), words[4]
    if key not in ready:
        ready[key] = make(*words[:3], int(words[3]))
        if last[0] != "=":
            start = time.perf_counter()
            ready[key][0]()
            if time.perf_counter() - start < 0.5:
                ready[key][0]()
    run, save = ready[key]
    start = time.perf_counter()
    if last[0] == "=":
        save(last[1:])
    else:
        for _ in range(int(last)):
            run()
    return time.perf_counter() - start
