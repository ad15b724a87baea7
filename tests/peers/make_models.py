#!/usr/bin/env python3
"""make_models.py FOLDER PROGRAM MODEL... - writes each model in the form of every peer, and the
texts, below FOLDER. What is there already stays.

The models have random weights (seeded), or for minilm those of the checkpoint folder
$PEERS_MINILM. Speed does not depend on weights; accuracy in int8 does, so norms and biases are
spread as training spreads them. PROGRAM is the built tokclass.
"""
import contextlib
import os
import shutil
import subprocess
import sys
import warnings

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
warnings.filterwarnings("ignore")
import numpy as np
import torch
from transformers import AutoModelForTokenClassification, BertConfig, PreTrainedTokenizerFast

import common

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def random_model(name):
    """Norms and biases that are not 1 and 0, attention that prefers some tokens: tokens then
    stay as different from layer to layer as in a trained model, and logits are as large.
    DistilBERT is a BERT of six layers, since ONNX Runtime fuses BERT's attention alone."""
    a = common.MODELS[name]
    model = AutoModelForTokenClassification.from_config(BertConfig(
        vocab_size=common.VOCABULARY, hidden_size=a.hidden, num_hidden_layers=a.layers,
        num_attention_heads=a.heads, intermediate_size=a.wide,
        id2label=dict(enumerate(common.LABELS))))
    with torch.no_grad():
        for key, value in model.named_parameters():
            if value.dim() == 1:
                value += 0.1 * torch.randn_like(value)
            elif "query" in key or "key" in key:
                value.normal_(0, 1.4 / a.hidden ** 0.5)
        model.bert.embeddings.token_type_embeddings.weight *= 0.1
        model.classifier.weight.normal_(0, 0.15)
    return model


def make_hf(name, folder, tokenizer):
    checkpoint = os.environ.get("PEERS_MINILM") if name == "minilm" else None
    torch.manual_seed(1)
    if checkpoint:
        model = AutoModelForTokenClassification.from_pretrained(
            checkpoint, id2label=dict(enumerate(common.LABELS)))
    else:
        model = random_model(name)
    model.eval().save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_file=f"{tokenizer}/tokenizer.json", model_max_length=512, unk_token="[UNK]",
        cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", mask_token="[MASK]"
    ).save_pretrained(folder)
    np.savez(f"{folder}/../head.npz", weight=model.classifier.weight.detach().numpy(),
             bias=model.classifier.bias.detach().numpy())


def example():
    ids = torch.randint(1000, 2000, (2, 24))
    return dict(zip(INPUTS, (ids, torch.ones_like(ids), torch.zeros_like(ids))))


def make_onnx(name, folder):
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer
    a = common.MODELS[name]
    model = AutoModelForTokenClassification.from_pretrained(
        f"{folder}/../hf", attn_implementation="eager").eval()
    torch.onnx.export(
        model, (example(),), f"{folder}/raw.onnx", input_names=INPUTS, output_names=["logits"],
        dynamic_axes={key: {0: "batch", 1: "length"} for key in [*INPUTS, "logits"]},
        opset_version=17, dynamo=False)
    fused = optimizer.optimize_model(f"{folder}/raw.onnx", model_type="bert", opt_level=1,
                                     num_heads=a.heads, hidden_size=a.hidden, use_gpu=False)
    fused.save_model_to_file(f"{folder}/f32.onnx")
    os.remove(f"{folder}/raw.onnx")
    quantize_dynamic(f"{folder}/f32.onnx", f"{folder}/int8.onnx", per_channel=True,
                     weight_type=QuantType.QInt8,
                     extra_options={"MatMulConstBOnly": True, "DefaultTensorType": 1})


def make_openvino(folder):
    import nncf
    import openvino
    model = AutoModelForTokenClassification.from_pretrained(f"{folder}/../hf").eval()
    graph = openvino.convert_model(model, example_input=example())
    for port in graph.inputs:
        port.get_node().set_partial_shape(openvino.PartialShape([-1, -1]))
        port.get_node().set_element_type(openvino.Type.i64)
    graph.validate_nodes_and_infer_types()
    openvino.save_model(graph, f"{folder}/f32.xml", compress_to_fp16=False)
    random = np.random.default_rng(1)

    def sample(_):
        ids = random.integers(1000, common.VOCABULARY, (1, 64))
        return dict(zip(INPUTS, (ids, np.ones_like(ids), 0 * ids)))

    small = nncf.quantize(openvino.Core().read_model(f"{folder}/f32.xml"),
                          nncf.Dataset(range(32), sample), subset_size=32,
                          model_type=nncf.ModelType.TRANSFORMER,
                          preset=nncf.QuantizationPreset.MIXED)
    openvino.save_model(small, f"{folder}/int8.xml", compress_to_fp16=False)


def make_ctranslate2(folder):
    from ctranslate2.converters import TransformersConverter
    TransformersConverter(f"{folder}/../hf").convert(folder, force=True)


def once(path, make):
    """make(folder) fills a folder, which gets its name only when it is complete."""
    if os.path.exists(path):
        return
    print("making", path, flush=True)
    shutil.rmtree(path + ".part", ignore_errors=True)
    os.makedirs(path + ".part")
    try:
        with contextlib.redirect_stdout(sys.stderr):  # progress bars are no news
            make(path + ".part")
    except Exception as e:  # the peer is then missing, the others are not
        print(f"{path} failed: {type(e).__name__}: {e}", flush=True)
        return
    os.rename(path + ".part", path)


def program(*arguments):
    subprocess.run([sys.argv[2], *arguments, "--quiet"], check=True)


def make_tokenizer(folder):
    """The tokenizer that is timed: $PEERS_TOKENIZER, the checkpoint's, or the demo's."""
    source = os.environ.get("PEERS_TOKENIZER") or os.environ.get("PEERS_MINILM")
    if not source:
        source = f"{folder}/demo"
        here = os.path.dirname(os.path.abspath(__file__))
        program("export", f"{here}/../../examples/demo.tcm", source)
    os.mkdir(f"{folder}/hf")
    shutil.copy(f"{source}/tokenizer.json", f"{folder}/hf/tokenizer.json")
    shutil.rmtree(f"{folder}/demo", ignore_errors=True)
    program("convert", f"{folder}/hf", f"{folder}/f32.tcm", "--task", "tokenizer")


def main():
    root = sys.argv[1]
    unknown = [name for name in sys.argv[3:] if name not in common.MODELS]
    if unknown:
        sys.exit(f"no model {unknown[0]}, there are {', '.join(common.MODELS)}")
    once(f"{root}/tokenizer", make_tokenizer)
    for name in sys.argv[3:]:
        folder = f"{root}/{name}"
        once(f"{folder}/hf", lambda part: make_hf(name, part, f"{root}/tokenizer/hf"))
        once(f"{folder}/onnx", lambda part: make_onnx(name, part))
        once(f"{folder}/openvino", make_openvino)
        once(f"{folder}/ctranslate2", make_ctranslate2)
        for dtype in ("f32", "s16", "s8"):
            if not os.path.exists(f"{folder}/{dtype}.tcm"):
                program("convert", f"{folder}/hf", f"{folder}/{dtype}.tcm", "--dtype", dtype)


if __name__ == "__main__":
    main()
