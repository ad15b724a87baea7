#!/usr/bin/env python3
"""peer.py FOLDER PEER - one peer as a server (see common.py) on the models of make_models.py.
peer.py FOLDER PEER MODEL TEXT - tags one text and ends: what a cold start costs.

PEER is a runtime of backends.py and a precision: ort-f32, ov-int8, ...; pipeline-f32 and
pipeline-int8 are transformers' pipeline on torch (task text), tokie and hf tokenizers alone.
"""
import os
import sys

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", RAYON_NUM_THREADS="1",
                  PYTHONWARNINGS="ignore", TRANSFORMERS_VERBOSITY="error")
import numpy as np

import backends
import common

FOLDER, PEER = sys.argv[1:3]


def forward(model, shape, threads):
    runtime = opened(model, threads)
    feeds = [runtime.feed(*arrays) for arrays in common.batches(shape)]

    def run():
        for feed in feeds:
            runtime.run(feed)

    def save(path):  # copies, because a runtime may use the memory of its output again
        save_logits(path, [np.array(runtime.run(feed), np.float32) for feed in feeds], shape)

    return run, save


def opened(model, threads, cache={}):
    """A runtime is loaded once for all shapes."""
    if (model, threads) not in cache:
        cache[model, threads] = backends.create(PEER, f"{FOLDER}/{model}", threads)
    return cache[model, threads]


def save_logits(path, parts, shape):
    """[B, longest, C] with zeros behind the end of a sequence, as ours.c writes it."""
    every = common.lengths(shape)
    rows = [row for part in parts for row in part]
    out = np.zeros((len(every), max(every), rows[0].shape[-1]), np.float32)
    for i, n in enumerate(every):
        out[i, :n] = rows[i][:n]
    with open(path, "wb") as f:
        np.save(f, out)


def train(model, shape, threads):
    """An update as HuggingFace's Trainer makes it, with fused AdamW and clipping. What is saved
    are the losses of three updates without dropout, on weights of their own."""
    import torch
    from transformers import AutoModelForTokenClassification
    torch.set_num_threads(threads)
    ids, mask = map(torch.from_numpy, common.batch(shape))
    labels = torch.where(mask > 0, ids % len(common.LABELS), -100)

    def begin():
        net = AutoModelForTokenClassification.from_pretrained(f"{FOLDER}/{model}/hf")
        plain = [p for p in net.parameters() if p.dim() < 2]  # biases and norms do not decay
        groups = [{"params": plain, "weight_decay": 0.0},
                  {"params": [p for p in net.parameters() if p.dim() > 1]}]
        return net, torch.optim.AdamW(groups, lr=5e-5, weight_decay=0.01, fused=True)

    def step(net, optimizer):
        loss = net(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.item()

    def save(path):
        net, optimizer = begin()
        net.eval()
        with open(path, "w") as f:
            f.writelines(f"{step(net, optimizer):.9f}\n" for _ in range(3))

    state = begin()
    state[0].train()
    return lambda: step(*state), save


def text(model, source, threads):
    """source: a file of sentences; behind a colon how many are put into a call."""
    path, _, size = source.partition(":")
    lines = common.read_lines(path)
    if PEER.startswith("pipeline"):
        tag = pipeline(model, threads)
    else:
        tag = by_hand(model, threads, int(size or 1))

    def save(to):
        with open(to, "w") as f:
            for found in tag(lines):
                f.write("".join(f"{start}:{end}:{label} " for label, start, end, _ in found))
                f.write("\n")

    return lambda: tag(lines), save


def by_hand(model, threads, size):
    """The loop that one writes around a runtime: tokens, logits, groups. In batches the
    sentences are sorted by length, so that there is little padding."""
    from tokenizers import Tokenizer
    runtime = opened(model, threads)
    tokenizer = Tokenizer.from_file(f"{FOLDER}/{model}/hf/tokenizer.json")
    tokenizer.enable_padding(pad_id=tokenizer.token_to_id("[PAD]"))

    def tag(lines):
        order = sorted(range(len(lines)), key=lambda i: len(lines[i])) if size > 1 \
            else range(len(lines))
        found = [None] * len(lines)
        for at in range(0, len(lines), size):
            some = order[at:at + size]
            encoded = tokenizer.encode_batch([lines[i] for i in some])
            ids = np.array([e.ids for e in encoded], np.int64)
            mask = np.array([e.attention_mask for e in encoded], np.int64)
            logits = runtime.run(runtime.feed(ids, mask))
            for i, e, row in zip(some, encoded, logits):
                found[i] = group(e, row)
        return found

    return tag


def group(encoding, logits):
    """(label, start, end, score) as the pipeline's strategy "simple" groups: the same entity
    goes on until a token begins another."""
    best = logits.argmax(-1)
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    scores = (shifted.max(-1) / shifted.sum(-1)).tolist()
    groups, last = [], None
    for (start, end), special, label, score in zip(
            encoding.offsets, encoding.special_tokens_mask, best.tolist(), scores):
        if special:
            continue
        entity = common.LABELS[label][2:]
        if entity == last and not common.LABELS[label].startswith("B-"):
            groups[-1][2] = end
            groups[-1][3].append(score)
        else:
            groups.append([entity, start, end, [score]])
        last = entity
    return [(e, s, t, sum(p) / len(p)) for e, s, t, p in groups if e]


def pipeline(model, threads):
    from transformers import AutoTokenizer, pipeline as create
    net = backends.PyTorch(f"{FOLDER}/{model}", PEER.split("-")[1], threads).model
    tagger = create("token-classification", net, device=-1, aggregation_strategy="simple",
                    tokenizer=AutoTokenizer.from_pretrained(f"{FOLDER}/{model}/hf"))
    return lambda lines: [[(e["entity_group"], e["start"], e["end"], e["score"]) for e in found]
                          for found in tagger(lines)]


def tokenize(model, path, threads):
    """Documents one by one, with offsets; that a list of Python is not made of them is the
    tokenizer's advantage."""
    lines = common.read_lines(path)
    source = f"{FOLDER}/{model}/hf/tokenizer.json"
    if PEER == "tokie":
        import tokie
        tokenizer = tokie.Tokenizer.from_json(source)
        encode = tokenizer.encode_with_offsets
    else:
        from tokenizers import Tokenizer
        tokenizer = Tokenizer.from_file(source)
        encode = tokenizer.encode
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def run():
        for line in lines:
            encode(line)

    def save(to):
        with open(to, "w") as f:
            for line in lines:
                f.write("".join(f"{i} " for i in encode(line).ids) + "\n")

    return run, save


TASKS = {"forward": forward, "train": train, "text": text, "tokenize": tokenize}

if __name__ == "__main__":
    if len(sys.argv) > 3:
        print(by_hand(sys.argv[3], os.cpu_count(), 1)([sys.argv[4]])[0])
    else:
        common.serve(lambda task, *what: TASKS[task](*what))
