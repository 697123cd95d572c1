"""Rows of tokens as prepare.ts writes them: ids (uint16), positions, segments, classes (uint8), plane after plane."""

import glob
import os

import numpy as np
import torch

PADDING = 255
NONE, LISTING, REQUEST, ANSWER = range(4)


class Rows:
    def __init__(self, folder, part, row_tokens):
        self.row_tokens = row_tokens
        files = sorted(glob.glob(os.path.join(folder, f"{part}-*.rows")))
        if not files:
            raise SystemExit(f"Expected files {part}-*.rows in {folder} but there are none: run prepare first.")
        self.shards = [np.memmap(f, np.uint8, "r").reshape(-1, row_tokens * 5) for f in files]
        self.starts = np.cumsum([0] + [len(s) for s in self.shards])

    def __len__(self):
        return int(self.starts[-1])

    def batch(self, indices, device="cpu"):
        """(rows, time) each: ids, positions, segments, classes."""
        t = self.row_tokens
        raw = np.stack([self._row(i) for i in indices])
        ids = np.ascontiguousarray(raw[:, : 2 * t]).view("<u2").astype(np.int64)
        planes = [raw[:, (2 + i) * t : (3 + i) * t].astype(np.int64) for i in range(3)]
        return [torch.from_numpy(x).to(device) for x in (ids, *planes)]

    def _row(self, i):
        s = int(np.searchsorted(self.starts, i, "right")) - 1
        return self.shards[s][i - self.starts[s]]


def mask_of(segments):
    """(rows, 1, time, time): each token sees the listing and its own question, up to itself."""
    t = segments.shape[1]
    causal = torch.ones(t, t, dtype=torch.bool, device=segments.device).tril()
    same = segments[:, :, None] == segments[:, None, :]
    listing = (segments == 0)[:, None, :].expand_as(same)
    return torch.zeros_like(same, dtype=torch.float32).masked_fill(~((same | listing) & causal), -1e9)[:, None]
