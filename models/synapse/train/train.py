"""Trains the embedded model on rows that prepare.ts made. Goes on from the last checkpoint; logs one JSON object a line."""

import argparse
import json
import os
import time

import torch
import torch.nn.functional as F

from export import export
from model import Config, Synapse
from muon import Muon
from rows import ANSWER, LISTING, REQUEST, PADDING, Rows, mask_of
from start import start_from

ROW_TOKENS = 256
WARM_UP = 40


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("folder", help="with vocabulary.json and *.rows; checkpoint, log and weights go there too")
    p.add_argument("--tokens", type=float, default=35e6)
    p.add_argument("--start", help="a GGUF file of the same shape and vocabulary to go on from; then lower --muon and --adam")
    p.add_argument("--rows", type=int, default=24, help="rows of a step")
    p.add_argument("--width", type=int, default=320)
    p.add_argument("--layers", type=int, default=6)
    p.add_argument("--heads", type=int, default=5)
    p.add_argument("--feed-forward", type=int, default=864)
    p.add_argument("--muon", type=float, default=0.02)
    p.add_argument("--adam", type=float, default=6e-3)
    p.add_argument("--request", type=float, default=0.15, help="weight of the request's tokens")
    p.add_argument("--pointing", type=float, default=0.5, help="weight of looking at the right pointer")
    p.add_argument("--learned", type=float, default=0.375, help="share of places whose next token is learned; answers first")
    p.add_argument("--dropout", type=float, default=0.0, help="share of what layers add that is left out; the phrasings are seen many times over")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--every", type=int, default=250, help="steps between checkpoints and evaluations")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return p.parse_args()


def rate(step, steps):
    """Warm-up, then flat, then down to nothing over the last 60 %."""
    if step < WARM_UP:
        return (step + 1) / WARM_UP
    return min(1.0, (steps - step) / (steps * 0.6))


def places_of(ids, classes, count, generator):
    """`count` places of the flattened batch whose next token is learned: all of answers, then some of requests.

    The number is fixed, because shapes that change cost more than they save. Returns places, and 1 for those that count.
    """
    flat = classes.flatten()
    order = torch.rand(flat.shape, generator=generator, device="cpu").to(ids.device)
    order = order + (flat == ANSWER) * 2.0 + (flat == REQUEST) * 1.0
    places = order.topk(count).indices.sort().values
    return places, (flat[places] == ANSWER) | (flat[places] == REQUEST)


def loss_of(model, ids, positions, segments, classes, places, counts, options, pointers, watch):
    """Loss of the chosen places, and how far head 0 of layer `watch` is from looking at what an answer points at."""
    with torch.autocast(ids.device.type, dtype=torch.bfloat16):
        logits, attention = model(ids, positions, mask_of(segments), watch, places)
    targets = torch.roll(ids, -1, 1)
    w = torch.where(classes.flatten()[places] == ANSWER, 1.0, options.request) * counts
    ce = F.cross_entropy(logits.float(), targets.flatten()[places], reduction="none")
    loss = (ce * w).sum() / w.sum().clamp(min=1)
    # Where an answer points, one head is to look at the line that is pointed at.
    points = (classes == ANSWER) & (targets >= pointers[0]) & (targets <= pointers[1])
    wanted = (ids[:, None, :] == targets[:, :, None]) & (segments == 0)[:, None, :]
    looked = (attention * wanted).sum(-1)
    pointing = -(looked.clamp(min=1e-6).log() * points).sum() / points.sum().clamp(min=1)
    return loss, pointing


@torch.no_grad()
def evaluate(model, rows, options, names, limit=192):
    """Share of held-out answers whose every token would be chosen, given those before it, by how the answer begins."""
    model.eval()
    right, count = {}, {}
    for at in range(0, min(len(rows), limit), options.rows):
        batch = rows.batch(range(at, min(at + options.rows, len(rows), limit)), options.device)
        ids, positions, segments, classes = batch
        with torch.autocast(ids.device.type, dtype=torch.bfloat16):
            logits, _ = model(ids, positions, mask_of(segments))
        targets = torch.roll(ids, -1, 1)
        ok = (logits.argmax(-1) == targets) | (classes != ANSWER)
        for r in range(len(ids)):
            for s in segments[r].unique().tolist():
                if s in (0, PADDING):
                    continue
                places = (segments[r] == s) & (classes[r] == ANSWER)
                if not places.any():
                    continue
                first = names.get(targets[r][places][0].item(), "calls")
                count[first] = count.get(first, 0) + 1
                right[first] = right.get(first, 0) + bool(ok[r][places].all())
    model.train()
    total = sum(count.values())
    shares = {k: round(right.get(k, 0) / n, 4) for k, n in count.items()}
    return {"all": round(sum(right.values()) / max(1, total), 4), "answers": total, **shares}


def is_matrix(name, parameter):
    return parameter.ndim == 2 and "embedding" not in name


def main():
    options = arguments()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    with open(os.path.join(options.folder, "vocabulary.json")) as f:
        tokens = json.load(f)["tokens"]
    pointers = tokens.index("<e1>"), tokens.index("<e32>")
    names = {tokens.index(t): t[1:-1] for t in ("<none>", "<query>", "<when>")}
    train, test = Rows(options.folder, "train", ROW_TOKENS), Rows(options.folder, "test", ROW_TOKENS)
    alike = tuple((tokens.index(f"<{c}1>"), n) for c, n in (("e", 32), ("v", 8)))
    config = Config(len(tokens), options.width, options.layers, options.heads, options.feed_forward,
                    dropout=options.dropout, alike=alike)
    model = Synapse(config).to(options.device)
    matrices = [p for n, p in model.named_parameters() if is_matrix(n, p)]
    others = [p for n, p in model.named_parameters() if not is_matrix(n, p)]
    optimizers = [Muon(matrices, options.muon), torch.optim.Adam(others, options.adam, betas=(0.9, 0.95), eps=1e-10)]
    base = [options.muon, options.adam]
    per_step = options.rows * ROW_TOKENS
    steps = max(2, int(options.tokens / per_step))
    checkpoint = os.path.join(options.folder, "checkpoint.pt")
    log = open(os.path.join(options.folder, "log.jsonl"), "a")
    start, spent, before = 0, 0.0, 0
    if os.path.exists(checkpoint):
        saved = torch.load(checkpoint, map_location=options.device)
        model.load_state_dict(saved["model"])
        for optimizer, state in zip(optimizers, saved["optimizers"]):
            optimizer.load_state_dict(state)
        start, spent, before = saved["step"], saved["seconds"], saved.get("before", 0)
    elif options.start:
        before = start_from(model, options.start, tokens)

    def note(**what):
        line = json.dumps(what)
        print(line, flush=True)
        log.write(line + "\n")
        log.flush()

    def save(step):
        part = checkpoint + ".part"
        torch.save({"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "step": step,
                    "config": model.config.to_dict(), "tokens": before + step * per_step, "before": before, "seconds": spent}, part)
        os.replace(part, checkpoint)

    note(start=start, steps=steps, parameters=sum(p.numel() for p in model.parameters()), rows=len(train),
         options={k: v for k, v in vars(options).items() if k != "folder"})
    watch = options.layers // 2
    # PyTorch 2 fuses what lies between the multiplications: twice as fast on a processor.
    learn = torch.compile(loss_of) if hasattr(torch, "compile") else loss_of
    began = time.monotonic()
    orders = {}
    for step in range(start, steps):
        # Rows in another order every time round, the same whether or not training was interrupted.
        indices = []
        for i in range(step * options.rows, (step + 1) * options.rows):
            turn = i // len(train)
            if turn not in orders:
                orders.clear()
                orders[turn] = torch.randperm(len(train), generator=torch.Generator().manual_seed(options.seed + turn))
            indices.append(int(orders[turn][i % len(train)]))
        for optimizer, lr in zip(optimizers, base):
            for group in optimizer.param_groups:
                group["lr"] = lr * rate(step, steps)
        batch = train.batch(indices, options.device)
        places, counts = places_of(batch[0], batch[3], int(per_step * options.learned), torch.Generator().manual_seed(step))
        loss, pointing = learn(model, *batch, places, counts, options, pointers, watch)
        (loss + options.pointing * pointing).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        if (step + 1) % 25 == 0 or step == start:
            note(step=step + 1, tokens=before + (step + 1) * per_step, loss=round(loss.item(), 4), pointing=round(pointing.item(), 4),
                 seconds=round(spent + time.monotonic() - began, 1))
        if (step + 1) % options.every == 0 or step + 1 == steps:
            now = time.monotonic()
            spent, began = spent + now - began, now
            save(step + 1)
            note(step=step + 1, held_out=evaluate(model, test, options, names))
    export(checkpoint, os.path.join(options.folder, "synapse.safetensors"))


if __name__ == "__main__":
    main()
