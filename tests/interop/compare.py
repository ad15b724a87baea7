#!/usr/bin/env python3
"""compare.py PROGRAM FOLDER... - converts each checkpoint folder, exports it again, and compares
both folders under transformers, and transformers with the program: tensors, tokens, logits,
entities. Ends with "N passed, N failed, N skipped"; the exit status is 1 if a check failed."""

import json
import os
import subprocess
import sys
import tempfile
import warnings

try:
    import torch
    import transformers
    from safetensors.torch import load_file
except ImportError as missing:
    print(f"skipped: {missing}")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)

TEXTS = [
    "My name is Sylvain and I work at Hugging Face in Brooklyn.",
    "Zo\u00eb \U0001f62d lives in S\u00e3o Paulo, not in Z\u00fcrich!",
    "e\u0301cole  \t caf\u00e9\u200b na\u00efve \u0130stanbul \u039f\u0394\u039f\u03a3",
    "\u91ce\u53e3\u91cc\u4f73 Noguchi Rika \u4f60\u597dworld \ud55c\uad6d",
    "a [SEP] b [MASK]c [CLS] [PAD] [UNK] [sep] [unused1]",
    "x\x00y\x07z\ufffd \u00ad\u2028next\u0085line \ufeff",
    "don't ... can't,won't!? (\u20ac5\u2014\u00a36) http://x.org/a_b?c=d&e=f",
    "",
    "   ",
    "A" * 101 + " " + "b" * 100,
    "\u0627\u0644\u0642\u0627\u0647\u0631\u0629 \u05d0\u05d1\u05d2 \u092e\u0941\u0902\u092c\u0908 \u1e9b\u0323 \ufb01ne",
    "Marie Curie (1867\u20131934) left Warsaw for Paris; Dr. J.R.R. O'Neil-Smith didn't.",
    "NEW YORK new york New York NeW yOrK ##s s## # #",
    "\U0001d4d7\U0001d4d8 \U0001f1e9\U0001f1ea \U0001f469\u200d\U0001f469\u200d\U0001f467 1\ufe0f\u20e3 \u2167 \u00bd \u00df\u1e9e",
]
STRATEGIES = ["none", "simple", "first", "average", "max"]
counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(good, what):
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"FAILED: {what}")


def run(program, *arguments, text=None):
    return subprocess.run([program, *arguments], input=text, capture_output=True, text=True)


def tensors(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".safetensors"):
            found.update(load_file(os.path.join(folder, name)))
    names = {}
    for name, tensor in found.items():
        name = name.replace("LayerNorm.gamma", "LayerNorm.weight")
        name = name.replace("LayerNorm.beta", "LayerNorm.bias")
        head, _, tail = name.partition(".")
        names[tail if head in ("bert", "distilbert", "electra") else name] = tensor
    return names


def same_tensor(a, b):
    return (
        a.dtype == b.dtype
        and a.shape == b.shape
        and a.contiguous().view(torch.uint8).equal(b.contiguous().view(torch.uint8))
    )


def compare_tensors(original, exported, where):
    a, b = tensors(original), tensors(exported)
    for name, tensor in b.items():
        check(name in a and same_tensor(a[name], tensor), f"{where}: tensor {name}")
    unused = [name for name in a if name not in b]
    print(f"{where}: {len(b)} tensors; in the original only: {', '.join(unused) or 'none'}")


def load_tokenizer(folder):
    files = set(os.listdir(folder))
    if "tokenizer.json" in files and not files & {"config.json", "tokenizer_config.json"}:
        path = os.path.join(folder, "tokenizer.json")
        return transformers.PreTrainedTokenizerFast(tokenizer_file=path)
    return transformers.AutoTokenizer.from_pretrained(folder)


def encoded(tokenizer, *texts):
    e = tokenizer(*texts, return_offsets_mapping=True, return_special_tokens_mask=True)
    return {key: list(value) for key, value in e.items()}, e.tokens(), e.word_ids()


def compare_tokenizers(a, b, where):
    check(len(a) == len(b), f"{where}: {len(a)} tokens, exported {len(b)}")
    check(a.get_vocab() == b.get_vocab(), f"{where}: vocabularies")
    for role in ("unk_token", "sep_token", "pad_token", "cls_token", "mask_token"):
        if getattr(a, role) is not None:  # a tokenizer.json alone gives no token a role
            check(getattr(a, role) == getattr(b, role), f"{where}: {role}")
    check(set(a.all_special_ids) <= set(b.all_special_ids), f"{where}: all_special_ids")
    check(a.is_fast == b.is_fast, f"{where}: is_fast")
    if a.model_max_length != b.model_max_length:
        print(f"{where}: model_max_length {a.model_max_length}, exported {b.model_max_length}")
    for i, text in enumerate(TEXTS):
        check(encoded(a, text) == encoded(b, text), f"{where}: text {i}")
        pair = TEXTS[(i + 3) % len(TEXTS)]
        check(encoded(a, text, pair) == encoded(b, text, pair), f"{where}: pair {i}")
        ids = a(text)["input_ids"]
        for skip in (False, True):
            check(a.decode(ids, skip_special_tokens=skip) == b.decode(ids, skip_special_tokens=skip),
                  f"{where}: decode {i}")


def program_tokens(program, model, tokenizer, where):
    for i, text in enumerate(TEXTS):
        r = run(program, "tokenize", model, "--input", "document", text=text)
        check(r.returncode == 0, f"{where}: {r.stderr}")
        tokens = json.loads(r.stdout)
        e, strings, words = encoded(tokenizer, text)
        check(tokens["ids"] == e["input_ids"] and tokens["word_ids"] == words,
              f"{where}: the program's tokens of text {i}")
        check([tuple(x) for x in tokens["offsets"]] == e["offset_mapping"],
              f"{where}: the program's offsets of text {i}")


def load_model(folder, **options):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        names = json.load(file).get("architectures") or [""]
    head = names[0].endswith("ForTokenClassification")
    kind = transformers.AutoModelForTokenClassification if head else transformers.AutoModel
    model, info = kind.from_pretrained(folder, output_loading_info=True, **options)
    return model.eval(), info, head


def fitting(tokenizer):
    return [text for text in TEXTS if len(tokenizer(text)["input_ids"]) <= tokenizer.model_max_length]


def answers(model, tokenizer, text):
    with torch.no_grad():
        out = model(**tokenizer(text, return_tensors="pt"))
    return out.logits if "logits" in out else out.last_hidden_state


def compare_models(program, model, original, exported, where):
    a, _, head = load_model(original)
    b, info, _ = load_model(exported)
    missing = [name for name in info["missing_keys"] if "pooler" not in name]
    check(not missing and not info["unexpected_keys"] and not info["mismatched_keys"],
          f"{where}: keys: {info}")
    check(not head or a.config.id2label == b.config.id2label, f"{where}: id2label")
    for key in ("hidden_act", "activation", "layer_norm_eps", "hidden_dropout_prob", "dropout",
                "attention_probs_dropout_prob", "attention_dropout", "initializer_range",
                "pad_token_id", "type_vocab_size", "sinusoidal_pos_embds", "dtype"):
        x, y = getattr(a.config, key, None), getattr(b.config, key, None)
        if key == "dtype" and x is None:
            x = y
        check(x == y or (key == "dtype" and str(x) == str(y)), f"{where}: config {key}: {x}, {y}")
    tokenizer = load_tokenizer(exported)
    for i, text in enumerate(fitting(tokenizer)):
        check(torch.equal(answers(a, tokenizer, text), answers(b, tokenizer, text)),
              f"{where}: {'logits' if head else 'hidden states'} of text {i}")
    program_logits(program, model, b, tokenizer, head, where, 2e-5)
    return head


def program_logits(program, model, b, tokenizer, head, where, tolerance):
    kind = "logits" if head else "hidden"
    worst = 0.0
    for text in fitting(tokenizer):
        r = run(program, "encode", model, "--output", kind, "--input", "document", text=text)
        check(r.returncode == 0, f"{where}: {r.stderr}")
        ours = torch.tensor(json.loads(r.stdout)[kind])
        theirs = answers(b, tokenizer, text)[0].float()
        worst = max(worst, float((ours - theirs).abs().max() / theirs.abs().max()))
    check(worst <= tolerance, f"{where}: the program's {kind} differ by {worst:.2e} of the largest")
    print(f"{where}: the program's {kind} differ by {worst:.1e} of the largest")


def plain(entities):
    return [{k: float(v) if k == "score" else v for k, v in e.items()} for e in entities]


def compare_pipelines(program, model, original, exported, where):
    for options in ({}, {"dtype": torch.float32}):
        a = transformers.pipeline("token-classification", model=original, **options)
        b = transformers.pipeline("token-classification", model=exported, **options)
        for strategy in STRATEGIES:
            for i, text in enumerate(TEXTS):
                x = plain(a(text, aggregation_strategy=strategy))
                y = plain(b(text, aggregation_strategy=strategy))
                check(x == y, f"{where}: pipeline {options} {strategy}, text {i}")
                if options:
                    program_entities(program, model, text, strategy, y, f"{where}, text {i}")


def program_entities(program, model, text, strategy, wanted, where):
    r = run(program, "tag", model, "--input", "document", "--aggregation", strategy,
            "--long", "truncate", "--quiet", text=text)
    found = json.loads(r.stdout)
    same = len(found) == len(wanted)
    for x, y in zip(found, wanted):
        same = same and abs(x.pop("score") - y["score"]) < 2e-5
        same = same and all(y[key] == value for key, value in x.items())
    check(same, f"{where}: the program's entities, {strategy}")


def compare_types(program, folder, work, where):
    """Each type of weights: transformers computes what the program computes, but for the
    activations that the program quantises beside weights of integers (of random models, whose
    errors are the largest, up to 0.003 and 0.14 of the largest logit)."""
    tolerances = {"f32": 2e-5, "f16": 2e-5, "bf16": 2e-5, "s16": 5e-3, "s8": 0.2}
    for dtype, tolerance in tolerances.items():
        model, exported = os.path.join(work, "type.tcm"), os.path.join(work, "type." + dtype)
        r = run(program, "convert", folder, model, "--quiet", "--dtype", dtype)
        r2 = run(program, "export", model, exported)
        check(r.returncode == 0 and r2.returncode == 0, f"{where} {dtype}: {r.stderr}{r2.stderr}")
        tokenizer = load_tokenizer(exported)
        for options in ({}, {"dtype": "auto"}):
            b, _, head = load_model(exported, **options)
            if options and b.dtype != torch.float32:
                continue  # the whole checkpoint is of this type, and so is the arithmetic
            program_logits(program, model, b, tokenizer, head, f"{where} {dtype} {options}", tolerance)


def compare(program, folder, work):
    where = os.path.basename(os.path.normpath(folder))
    model, again = os.path.join(work, "a.tcm"), os.path.join(work, "b.tcm")
    exported = os.path.join(work, "exported")
    r = run(program, "convert", folder, model, "--quiet")
    if r.returncode:
        print(f"skipped: {r.stderr.strip()}")
        counts["skipped"] += 1
        return
    r = run(program, "export", model, exported)
    check(r.returncode == 0 and not r.stderr, f"{where}: export: {r.stderr}")
    r = run(program, "convert", exported, again)
    check(r.returncode == 0 and not r.stderr, f"{where}: convert again: {r.stderr}")
    with open(model, "rb") as x, open(again, "rb") as y:
        check(x.read() == y.read(), f"{where}: the .tcm files differ")
    tokenizer = load_tokenizer(exported)
    program_tokens(program, model, tokenizer, where)
    try:
        compare_tokenizers(load_tokenizer(folder), tokenizer, where)
    except (OSError, ValueError) as error:
        print(f"skipped: {where}: transformers cannot load the original: {str(error)[:100]}")
        counts["skipped"] += 1
    if not os.path.exists(os.path.join(exported, "model.safetensors")):
        return
    compare_tensors(folder, exported, where)
    if compare_models(program, model, folder, exported, where):
        compare_pipelines(program, model, folder, exported, where)
    compare_types(program, folder, work, where)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    for folder in sys.argv[2:]:
        with tempfile.TemporaryDirectory() as work:
            compare(os.path.abspath(sys.argv[1]), folder, work)
    print(", ".join(f"{n} {what}" for what, n in counts.items()))
    sys.exit(counts["failed"] > 0)


main()
