"""The runtimes, each behind three methods: create(folder, precision, threads) loads a model of
make_models.py, feed(ids, mask) puts a batch into the form that it takes, run(feed) gives logits
[B, S, C]. Only what a runtime needs is imported."""
import os

import numpy as np


class OnnxRuntime:
    """A graph fused by ONNX Runtime's own optimizer; int8: weights by channel, activations
    quantised as they come."""

    def __init__(self, folder, precision, threads):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            f"{folder}/onnx/{precision}.onnx", options, providers=["CPUExecutionProvider"])
        self.types = {i.name: np.int32 if "int32" in i.type else np.int64
                      for i in self.session.get_inputs()}

    def feed(self, ids, mask):
        arrays = {"input_ids": ids, "attention_mask": mask, "token_type_ids": 0 * ids}
        return {name: arrays[name].astype(kind) for name, kind in self.types.items()}

    def run(self, feed):
        return self.session.run(None, feed)[0]


class OpenVINO:
    """int8: weights and activations with ranges that nncf has calibrated."""

    def __init__(self, folder, precision, threads):
        import openvino
        core = openvino.Core()
        model = core.read_model(f"{folder}/openvino/{precision}.xml")
        self.compiled = core.compile_model(model, "CPU", {
            "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32"})
        self.request = self.compiled.create_infer_request()

    def feed(self, ids, mask):
        arrays = {"input_ids": ids, "attention_mask": mask, "token_type_ids": 0 * ids}
        return {i: np.ascontiguousarray(arrays[name])
                for i, port in enumerate(self.compiled.inputs)
                for name in port.get_names() if name in arrays}

    def run(self, feed):
        return self.request.infer(feed, share_inputs=True, share_outputs=True)[0]


class CTranslate2:
    """An encoder alone: the head is a product in numpy, below a thousandth of the work. It
    takes AVX2 unless it is told to use AVX-512, which is mostly faster."""

    def __init__(self, folder, precision, threads):
        if os.path.exists("/proc/cpuinfo") and "avx512vl" in open("/proc/cpuinfo").read():
            os.environ.setdefault("CT2_FORCE_CPU_ISA", "AVX512")
        import ctranslate2
        self.view = ctranslate2.StorageView.from_array
        self.encoder = ctranslate2.Encoder(
            f"{folder}/ctranslate2", inter_threads=1, intra_threads=threads,
            compute_type={"f32": "float32", "int8": "int8_float32"}[precision])
        head = np.load(f"{folder}/head.npz")
        self.weight, self.bias = head["weight"].T.copy(), head["bias"]

    def feed(self, ids, mask):
        arrays = ids.astype(np.int32), mask.sum(1).astype(np.int32)
        views = [self.view(a) for a in arrays]
        return views, [[0] * ids.shape[1]] * len(ids), arrays  # a view borrows its array

    def run(self, feed):
        hidden = self.encoder.forward_batch(*feed[0], token_type_ids=feed[1]).last_hidden_state
        return np.array(hidden) @ self.weight + self.bias


class PyTorch:
    """transformers in eager mode; int8: dynamic, weights by channel."""

    def __init__(self, folder, precision, threads):
        import torch
        from transformers import AutoModelForTokenClassification
        self.torch = torch
        torch.set_num_threads(threads)
        self.model = AutoModelForTokenClassification.from_pretrained(f"{folder}/hf").eval()
        if precision == "int8":
            quantization = torch.ao.quantization
            self.model = quantization.quantize_dynamic(
                self.model, {torch.nn.Linear: quantization.per_channel_dynamic_qconfig})

    def feed(self, ids, mask):
        return {"input_ids": self.torch.from_numpy(ids),
                "attention_mask": self.torch.from_numpy(mask)}

    def run(self, feed):
        with self.torch.inference_mode():
            return self.model(**feed).logits.numpy()


BACKENDS = {"ort": OnnxRuntime, "ov": OpenVINO, "ct2": CTranslate2, "torch": PyTorch}


def create(peer, folder, threads):
    """peer: "ort-f32", "ov-int8" and so on."""
    name, precision = peer.split("-")
    return BACKENDS[name](folder, precision, threads)
