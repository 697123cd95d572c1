"""What the weights of a checkpoint choose in PyTorch: the likeliest allowed token at every branch of an automaton.

    choose.py CHECKPOINT ASKED.jsonl CHOSEN.jsonl

A line of ASKED holds a prompt as token ids and an automaton: the edges of state s are token[i] -> target[i] for i from
edgesFrom[s] up to edgesFrom[s + 1]. A line of CHOSEN is the path of tokens, of equally likely ones the lowest.
"""

import json
import sys

import torch

from model import Config, Synapse


@torch.no_grad()
def choose(model, prompt, edges_from, token, target):
    path, state = [], 0
    while edges_from[state] < edges_from[state + 1]:
        edges = range(edges_from[state], edges_from[state + 1])
        edge = edges[0]
        if len(edges) > 1:
            ids = torch.tensor([prompt + path])
            t = ids.shape[1]
            mask = torch.full((t, t), -1e9).triu(1)[None, None]
            logits, _ = model(ids, torch.arange(t)[None], mask)
            edge = max(edges, key=lambda i: (logits[0, -1, token[i]].item(), -token[i]))
        path.append(token[edge])
        state = target[edge]
    return path


def main(checkpoint, asked, chosen):
    saved = torch.load(checkpoint, map_location="cpu")
    model = Synapse(Config(**saved["config"]))
    model.load_state_dict(saved["model"])
    model.eval()
    with open(asked) as questions, open(chosen, "w") as out:
        for line in questions:
            q = json.loads(line)
            out.write(json.dumps(choose(model, q["prompt"], q["edgesFrom"], q["token"], q["target"])) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:4])
