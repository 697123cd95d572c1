"""Reads the embedded model back from its GGUF file, so that training goes on from what is shipped.

    start.py FILE.gguf vocabulary.json      writes the vocabulary that its rows must be made with
"""

import json
import struct
import sys

import numpy as np
import torch

# Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
SCALARS = ["B", "b", "H", "h", "I", "i", "f", "?", None, None, "Q", "q", "d"]
STRING, ARRAY = 8, 9
F32, F16, Q8_0 = 0, 1, 8
# Own name of each tensor of a block, by its name in the file.
NAMES = {
    "attn_norm": "attn_norm", "attn_q": "q", "attn_k": "k", "attn_v": "v", "attn_output": "o",
    "ffn_norm": "ffn_norm", "ffn_gate": "gate", "ffn_up": "up", "ffn_down": "down",
}


class Reader:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.at = 0

    def scalar(self, code):
        (value,) = struct.unpack_from("<" + code, self.data, self.at)
        self.at += struct.calcsize("<" + code)
        return value

    def string(self):
        length = self.scalar("Q")
        self.at += length
        return self.data[self.at - length : self.at].decode("utf-8")

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            inner, count = self.scalar("I"), self.scalar("Q")
            return [self.value(inner) for _ in range(count)]
        return self.scalar(SCALARS[kind])


def read_gguf(path):
    """Metadata by key, and weights as float32 tensors, (out, in), by their names in the file."""
    r = Reader(path)
    magic, version, count, keys = r.scalar("I"), r.scalar("I"), r.scalar("Q"), r.scalar("Q")
    if magic != 0x46554747 or version < 2:
        raise SystemExit(f"Expected a GGUF file of version 2 or newer but {path} is none.")
    metadata = {}
    for _ in range(keys):
        key = r.string()
        metadata[key] = r.value(r.scalar("I"))
    infos = []
    for _ in range(count):
        name = r.string()
        shape = [r.scalar("Q") for _ in range(r.scalar("I"))]
        infos.append((name, shape[::-1], r.scalar("I"), r.scalar("Q")))
    alignment = metadata.get("general.alignment", 32)
    base = (r.at + alignment - 1) // alignment * alignment
    return metadata, {name: torch.from_numpy(plain(r.data, base + offset, shape, kind)) for name, shape, kind, offset in infos}


def plain(data, offset, shape, kind):
    size = int(np.prod(shape))
    if kind == Q8_0:
        # Blocks of 32: one scale in 16 bits, then the numbers.
        block = np.dtype([("scale", "<f2"), ("q", "i1", 32)])
        blocks = np.frombuffer(data, block, size // 32, offset)
        return (blocks["scale"].astype(np.float32)[:, None] * blocks["q"]).reshape(shape)
    if kind not in (F32, F16):
        raise SystemExit(f"Expected weights in F32, F16 or Q8_0 but they are of type {kind}.")
    return np.frombuffer(data, "<f4" if kind == F32 else "<f2", size, offset).astype(np.float32).reshape(shape)


@torch.no_grad()
def start_from(model, path, tokens):
    """Puts the weights of a file into a model of its shape. What tells tokens of a group apart becomes their given part."""
    metadata, weights = read_gguf(path)
    if metadata["tokenizer.ggml.tokens"] != tokens:
        raise SystemExit(f"Expected rows made with the vocabulary of {path}: start.py writes it; make the rows anew.")
    table = weights.pop("token_embd.weight")
    model.embedding.weight.copy_(table)
    for group in model.alike:
        rows = table[group.first : group.first + group.count]
        group.shared.copy_(rows.mean(0))
        apart = rows - group.shared
        group.scale.copy_(apart.norm(dim=1).mean())
        group.own.copy_(apart / apart.norm(dim=1, keepdim=True))
    model.norm.weight.copy_(weights.pop("output_norm.weight"))
    for name, tensor in weights.items():
        _, block, own, _ = name.split(".")
        getattr(model.blocks[int(block)], NAMES[own]).weight.copy_(tensor)
    return metadata.get("ganglion.synapse.tokens", 0)


if __name__ == "__main__":
    found, _ = read_gguf(sys.argv[1])
    with open(sys.argv[2], "w") as out:
        json.dump({
            "tokens": found["tokenizer.ggml.tokens"], "types": found["tokenizer.ggml.token_type"],
            "merges": found["tokenizer.ggml.merges"], "bos": found["tokenizer.ggml.bos_token_id"],
            "eos": found["tokenizer.ggml.eos_token_id"],
        }, out)
