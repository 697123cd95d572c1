"""Writes the weights of a checkpoint as safetensors, named as GGUF names them, with the shape of the model in the metadata."""

import json
import struct
import sys

import torch

from model import Config, Synapse


def write_safetensors(path, tensors, metadata):
    header, offset, blobs = {"__metadata__": {k: str(v) for k, v in metadata.items()}}, 0, []
    for name, tensor in tensors.items():
        blob = tensor.detach().float().cpu().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(blob)]}
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for blob in blobs:
            f.write(blob)


def export(checkpoint, path):
    saved = torch.load(checkpoint, map_location="cpu")
    model = Synapse(Config(**saved["config"]))
    model.load_state_dict(saved["model"])
    write_safetensors(path, model.tensors(), {**saved["config"], "steps": saved["step"], "tokens": saved["tokens"]})


if __name__ == "__main__":
    export(sys.argv[1], sys.argv[2])
