"""The table of tests/bench/text. Usage: text_table.py [--ours] [--promise] CLASSIFY FOLDER [SET...]"""
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
# Of fastText, the better of two or three settings tried on each kind of text; bucket and dimension by the size of the set.
DENSE = ["-minn", "1", "-maxn", "4"]  # scripts without spaces
WORDS = ["-minn", "2", "-maxn", "5", "-wordNgrams", "2"]


def run(command, **more):
    began = time.monotonic()
    done = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True, **more)
    return done.stdout, time.monotonic() - began


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t", 1) for line in file]


def ours(classify, train, test, work):
    model = work / "model"
    _, took = run([classify, "train", "--data", train, "--model", model])
    figures = json.loads(run([classify, "eval", "--model", model, "--data", test, "--json"])[0])
    return {
        "accuracy": 100 * figures["accuracy"],
        "f1": 100 * figures["macro_f1"],
        "ece": 100 * figures["ece"],
        "kb": figures["model_bytes"] / 1000,
        "speed": figures["texts_per_second"],
        "train": took,
        "n": figures["n"],
        "coverage": 100 * figures["answered"] / max(1, figures["answerable"]),
        "right": 100 * figures["answered_accuracy"],
    }


def wilson(share, n):
    """Half the width of the 95 % interval, in points."""
    z, p = 1.96, share / 100
    return 100 * z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5


def macro_f1(truth, guesses):
    total = 0.0
    labels = set(truth)
    for label in labels:
        both = sum(t == g == label for t, g in zip(truth, guesses))
        total += 2 * both / (truth.count(label) + guesses.count(label)) if both else 0
    return 100 * total / len(labels)


def peer(name, train, test, work):
    """fastText, one thread. Its speed is without the time that it takes to open its model."""
    def write(rows, path, labels):
        with open(path, "w", encoding="utf-8") as file:
            for label, text in rows:
                file.write((f"__label__{label} " if labels else "") + " ".join(text.lower().split()) + "\n")
    rows, held = rows_of(train), rows_of(test)
    write(rows, work / "train.txt", True)
    write(held, work / "test.txt", False)
    (work / "none.txt").write_text("x\n", encoding="utf-8")
    epochs = "25" if len(rows) < 12000 else "10"
    setting = DENSE if name[:2] in ("zh", "ja", "th") else WORDS
    _, took = run(["fasttext", "supervised", "-input", work / "train.txt", "-output", work / "fasttext", "-thread", "1",
                   "-dim", "50", "-lr", "0.5", "-epoch", epochs, "-bucket", "500000", *setting])
    out, all_of = run(["fasttext", "predict", work / "fasttext.bin", work / "test.txt"])
    opening = min(run(["fasttext", "predict", work / "fasttext.bin", work / "none.txt"])[1] for _ in range(3))
    guesses = [line.replace("__label__", "") for line in out.splitlines()]
    truth = [label for label, _ in held]
    return {
        "accuracy": 100 * sum(t == g for t, g in zip(truth, guesses)) / len(truth),
        "f1": macro_f1(truth, guesses),
        "kb": (work / "fasttext.bin").stat().st_size / 1000,
        "speed": len(held) / max(1e-3, all_of - opening),
        "train": took,
    }


def recorded():
    lines = (HERE / "text_peers.tsv").read_text(encoding="utf-8").splitlines()
    heads = lines[0].split("\t")
    return {line.split("\t")[0]: dict(zip(heads, line.split("\t"))) for line in lines[1:]}


def table(classify, folder, names, beside):
    known = recorded()
    print("set                   accuracy ±    F1    ECE   answers right   KB  texts/s  train s"
          " | fastText: accuracy F1  texts/s  train s | speed  training | recorded: fastText     sklearn")
    for name in names:
        train, test = folder / name / "train.tsv", folder / name / "test.tsv"
        with tempfile.TemporaryDirectory() as place:
            work = pathlib.Path(place)
            o = ours(classify, train, test, work)
            line = (f"{name:21} {o['accuracy']:5.1f} {wilson(o['accuracy'], o['n']):4.1f}  {o['f1']:5.1f}  {o['ece']:4.1f}"
                    f"  {o['coverage']:5.1f} {o['right']:6.1f} {o['kb']:6.0f} {o['speed']:8.0f}  {o['train']:6.2f} ")
            if beside:
                p = peer(name, train, test, work)
                line += (f" | {p['accuracy']:9.1f} {p['f1']:7.1f} {p['speed']:8.0f}  {p['train']:7.2f}"
                         f" | {o['speed'] / p['speed']:5.1f} {p['train'] / o['train']:8.1f} ")
            else:
                line += " | -"
            r = known.get(name, {})
            print(line + f" | {r.get('fasttext', '-'):>18} {r.get('sklearn', '-'):>12}", flush=True)


def promise(classify, folder, names):
    print("set                   splits  broken  answers  right")
    for name in names:
        rows = rows_of(folder / name / "train.tsv") + rows_of(folder / name / "test.tsv")
        rows = random.Random(0).sample(rows, min(len(rows), 12000))
        broken, answers, right, rounds = 0, 0, 0, 50
        for seed in range(rounds):
            random.Random(seed).shuffle(rows)
            with tempfile.TemporaryDirectory() as place:
                work = pathlib.Path(place)
                for part, path in ((rows[::2], "a.tsv"), (rows[1::2], "b.tsv")):
                    (work / path).write_text("".join("\t".join(row) + "\n" for row in part), encoding="utf-8")
                o = ours(classify, work / "a.tsv", work / "b.tsv", work)
            broken += o["coverage"] > 0 and o["right"] < 95
            answers += o["coverage"] / rounds
            right += o["right"] / rounds
        print(f"{name:21} {rounds:6} {broken:7} {answers:8.1f} {right:6.1f}", flush=True)


def main():
    options = {word for word in sys.argv[1:] if word.startswith("--")}
    classify, folder, *names = [word for word in sys.argv[1:] if not word.startswith("--")]
    folder = pathlib.Path(folder)
    names = names or sorted(p.parent.name for p in folder.glob("*/train.tsv"))
    missing = [name for name in names if not (folder / name / "train.tsv").is_file()]
    if missing:
        sys.exit(f"there is no {folder}/{missing[0]}/train.tsv")
    if "--promise" in options:
        promise(classify, folder, names)
    else:
        beside = "--ours" not in options and shutil.which("fasttext") is not None
        if not beside and "--ours" not in options:
            print("fasttext is not installed: its columns are left out")
        table(classify, folder, names, beside)


if __name__ == "__main__":
    main()
