"""The embedded model: llama's architecture with tied embeddings, small enough to train on two cores.

Layout of the weights is that of GGUF's `llama`: rotary pairs lie beside each other (2i, 2i + 1), matrices are (out, in).
"""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Config:
    vocabulary: int
    width: int = 320
    layers: int = 6
    heads: int = 5
    feed_forward: int = 864
    context: int = 512
    rope_base: float = 10000.0
    norm_epsilon: float = 1e-5
    # Of what a layer adds and of what is read, so much is left out in training.
    dropout: float = 0.0
    # (first token, count) of groups whose members differ in nothing but which one they are; see Alike.
    alike: tuple = ()

    def to_dict(self):
        return asdict(self)


class Norm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x):
        x = x.float()
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


def rotate(x, cos, sin):
    """x: (batch, heads, time, size); cos, sin: (batch, 1, time, size / 2)"""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def drop(x, share):
    """Leaves out a share of the channels of x, (batch, time, width), of each row others: one draw a row costs nothing."""
    if share == 0:
        return x
    kept = torch.rand(x.shape[0], 1, x.shape[2], device=x.device) >= share
    return x * kept / (1 - share)


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        w, f = config.width, config.feed_forward
        self.heads = config.heads
        self.dropout = config.dropout
        self.attn_norm = Norm(w, config.norm_epsilon)
        self.q = nn.Linear(w, w, bias=False)
        self.k = nn.Linear(w, w, bias=False)
        self.v = nn.Linear(w, w, bias=False)
        self.o = nn.Linear(w, w, bias=False)
        self.ffn_norm = Norm(w, config.norm_epsilon)
        self.gate = nn.Linear(w, f, bias=False)
        self.up = nn.Linear(w, f, bias=False)
        self.down = nn.Linear(f, w, bias=False)

    def forward(self, x, cos, sin, mask, watched=False):
        """x: (batch, time, width); mask: (batch, 1, time, time), 0 or a large negative number. Returns x and attention."""
        b, t, w = x.shape
        h = self.attn_norm(x)

        def split(y):
            return y.view(b, t, self.heads, -1).transpose(1, 2)

        # Rotary pairs are turned in 32 bits; what attention multiplies is as short as the autocast wants it.
        v = split(self.v(h))
        q = rotate(split(self.q(h)).float(), cos, sin).to(v.dtype)
        k = rotate(split(self.k(h)).float(), cos, sin).to(v.dtype)
        attention = ((q @ k.transpose(-1, -2)).float() * (w // self.heads) ** -0.5 + mask).softmax(-1)
        x = x + self.drop(self.o((attention.to(v.dtype) @ v).transpose(1, 2).reshape(b, t, w)).float())
        h = self.ffn_norm(x)
        x = x + self.drop(self.down(F.silu(self.gate(h)) * self.up(h)).float())
        return x, attention[:, 0] if watched else None

    def drop(self, x):
        return drop(x, self.dropout) if self.training else x


class Alike(nn.Module):
    """Tokens that mean nothing but which one they are, such as pointers: what they share is learned, what tells them apart is
    given. Learned freely they become one and the same before any head has learned to copy them."""

    def __init__(self, first, count, width):
        super().__init__()
        self.first, self.count = first, count
        self.shared = nn.Parameter(torch.zeros(width))
        self.scale = nn.Parameter(torch.tensor(2.0))
        directions, _ = torch.linalg.qr(torch.randn(width, count))
        self.register_buffer("own", directions.T.contiguous())

    def forward(self):
        return self.shared + self.scale * self.own


class Synapse(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.alike = nn.ModuleList(Alike(first, count, config.width) for first, count in config.alike)
        self.blocks = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = Norm(config.width, config.norm_epsilon)
        size = config.width // config.heads
        frequencies = config.rope_base ** (-torch.arange(0, size, 2).float() / size)
        angles = torch.arange(config.context).float()[:, None] * frequencies
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        nn.init.normal_(self.embedding.weight, std=0.02)
        for name, p in self.named_parameters():
            if p.ndim == 2 and "embedding" not in name:
                nn.init.normal_(p, std=p.shape[1] ** -0.5)
                if name.endswith(("o.weight", "down.weight")):
                    p.data.mul_((2 * config.layers) ** -0.5)

    def table(self):
        """(vocabulary, width): what a token is read as, and what it is written by."""
        table = self.embedding.weight
        for group in self.alike:
            table = torch.cat((table[: group.first], group(), table[group.first + group.count :]))
        return table

    def forward(self, ids, positions, mask, watch=None, places=None):
        """ids, positions: (batch, time). Returns logits, (batch, time, vocabulary) or of the flattened `places` alone, and the
        attention of head 0 of layer `watch`."""
        table = self.table()
        x = F.embedding(ids, table).float()
        if self.training:
            x = drop(x, self.config.dropout)
        cos, sin = self.cos[positions][:, None], self.sin[positions][:, None]
        seen = None
        for i, block in enumerate(self.blocks):
            x, attention = block(x, cos, sin, mask, i == watch)
            seen = seen if attention is None else attention
        x = self.norm(x)
        if places is not None:
            x = x.flatten(0, 1)[places]
        return F.linear(x, table), seen

    def tensors(self):
        """By their names in GGUF."""
        out = {"token_embd.weight": self.table(), "output_norm.weight": self.norm.weight}
        names = {
            "attn_norm": "attn_norm", "q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output",
            "ffn_norm": "ffn_norm", "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down",
        }
        for i, block in enumerate(self.blocks):
            for own, name in names.items():
                out[f"blk.{i}.{name}.weight"] = getattr(block, own).weight
        return out
