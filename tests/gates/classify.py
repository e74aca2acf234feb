"""Gate: the program classify trains, measures, predicts and explains, and says what is wrong with which line.
Usage: classify.py ROOT PROGRAM. Where ROOT/../shared/data has real texts, models must reach known accuracies."""
import json
import pathlib
import random
import sys
import tempfile

import tap

ROOT, PROGRAM = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="aft-classify-"))
DATA = ROOT.parent / "shared/data"
FIELDS = {"n", "accuracy", "macro_f1", "answerable", "answered", "answered_accuracy", "ece", "texts_per_second",
          "model_bytes", "classes", "confusion"}
THINGS = {"logistics": ["快递", "parcel", "物流"], "payment": ["付款", "charged", "扣钱"], "other": ["嗯嗯", "hello", "那个"]}


def write(name, text):
    path = FOLDER / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def rows(seed, n):
    draw = random.Random(seed)
    lines = []
    for _ in range(n):
        label = draw.choice(sorted(THINGS))
        lines.append(f"{label}\t{draw.choice(THINGS[label])} {draw.choice(['请问', 'please', '今天'])} {draw.randrange(900)}\n")
    return "".join(sorted(set(lines), key=lambda line: draw.random()))


def trained():
    model = FOLDER / "model"
    if not model.exists():
        data = write("train.tsv", rows(1, 300))
        done = tap.run([PROGRAM, "train", "--data", data, "--model", model, "--seed", "7"])
        tap.expect(done.returncode == 0 and done.stdout == "", done.stderr)
        tap.expect("3 labels" in done.stderr and "held back" in done.stderr, done.stderr)
    return model


def evaluated(*arguments):
    return json.loads(tap.must([PROGRAM, "eval", *arguments, "--json"]))


def it_learns_what_it_is_shown():
    test = write("test.tsv", rows(2, 200))
    found = evaluated("--model", trained(), "--data", test)
    tap.expect(FIELDS <= found.keys(), "fields missing:", FIELDS - found.keys())
    tap.expect(found["accuracy"] > 0.95 and found["macro_f1"] > 0.95, found)
    lines = test.read_text().splitlines()
    tap.expect(found["n"] == len(lines), found["n"])
    tap.expect(found["answerable"] == sum(not line.startswith("other\t") for line in lines), found["answerable"])
    tap.expect(found["model_bytes"] == trained().stat().st_size, found["model_bytes"])
    people = tap.must([PROGRAM, "eval", "--model", trained(), "--data", test])
    tap.expect("accuracy" in people and "precision" in people, people)


def equal_seeds_give_equal_files():
    tap.must([PROGRAM, "train", "--data", FOLDER / "train.tsv", "--model", FOLDER / "again", "--seed", "7"])
    tap.expect((FOLDER / "again").read_bytes() == trained().read_bytes(), "the files differ")


def predictions_are_label_confidence_text():
    out = tap.must([PROGRAM, "predict", "--model", trained()], input="快递 please 5\n\npayment charged\n")
    lines = [line.split("\t") for line in out.splitlines()]
    tap.expect([len(line) for line in lines] == [3, 3, 3], out)
    tap.expect(lines[0][0] == "logistics" and lines[0][2] == "快递 please 5", out)
    tap.expect(all(0 <= float(line[1]) <= 1 for line in lines), out)
    out = tap.must([PROGRAM, "predict", "--default"], input="付款失败了\n")
    tap.expect(out.startswith("payment\t"), out)


def the_default_needs_no_model():
    for task, text in (("category", "logistics\t快递怎么还没到\nother\t嗯嗯\n"), ("tone", "negative\t你们是骗子，我要投诉\n"),
                       ("question", "question\t什么时候发货\nstatement\t我已经收到了\n")):
        found = evaluated("--default", "--task", task, "--lang", "zh", "--data", write(f"{task}.tsv", text))
        tap.expect(FIELDS <= found.keys() and found["accuracy"] == 1, task, found)


def it_explains():
    tap.expect("快递" in tap.must([PROGRAM, "explain", "--model", trained(), "快递 please 5"]), "the word is not named")
    tap.expect("付款失败" in tap.must([PROGRAM, "explain", "付款失败了"]), "the word is not named")
    tap.expect("payment" in tap.must([PROGRAM, "explain", "--lang", "en", "付款失败了"]).lower(), "not in English")


def refused(words, *arguments, **more):
    done = tap.run([PROGRAM, *arguments], **more)
    tap.expect(done.returncode in (1, 2) and done.stdout == "", arguments, "gives", done.returncode, done.stdout)
    for word in words:
        tap.expect(word in done.stderr, f"'{word}' is not in:", done.stderr)


def faults_are_named_by_their_line():
    bad = {
        "no tab": ("a\tx\nb y\n", [":2:", "no tab"]),
        "second tab": ("a\tx\nb\ty\tz\n", [":2:", "second tab"]),
        "empty line": ("a\tx\n\nb\ty\n", [":2:", "empty line"]),
        "no label": ("a\tx\n\ty\n", [":2:", "label"]),
        "no text": ("a\tx\nb\ty\nb\t\n", [":3:", "text"]),
        "encoding": ("a\tx\nb\t\udcff\n", [":2:", "UTF-8"]),
        "contradiction": ("a\tx\nb\tq\na\tz\nb\tx\n", [":4:", "'a'", "'b'"]),
        "one label": ("a\tx\na\ty\n", ["two labels"]),
        "empty": ("", ["two labels"]),
        "labels": ("".join(f"l{i // 2}\ttext {i}\n" for i in range(20000)), [":2001:", "1000 labels"]),
        "large": ("a\t" + "x" * (10 << 20) + "\n", [":1:", "at most"]),
    }
    for name, (text, words) in bad.items():
        model = FOLDER / "never"
        refused(words, "train", "--data", write(f"{name}.tsv", text), "--model", model)
        tap.expect(not model.exists(), name, "left a model")


def models_that_are_none_are_refused():
    test, whole = write("one.tsv", "a\tx\n"), trained().read_bytes()
    for name, image in {"text": b"hello", "none": b"", "cut": whole[:5000], "longer": whole + b"x",
                        "changed": whole[:9000] + bytes([whole[9000] ^ 1]) + whole[9001:]}.items():
        (FOLDER / name).write_bytes(image)
        refused(["model"], "eval", "--model", FOLDER / name, "--data", test)
    newer = bytearray(whole)
    newer[8] = newer[10] = 99
    (FOLDER / "newer").write_bytes(newer)
    refused(["format 99"], "predict", "--model", FOLDER / "newer")
    refused(["cannot be opened"], "eval", "--model", trained(), "--data", FOLDER / "nowhere")


def wrong_use_is_told():
    refused(["usage"], "dance")
    refused(["--data"], "train")
    refused(["--task"], "eval", "--default", "--data", "x")
    refused(["--seed"], "train", "--seed", "many")
    refused(["zh or en"], "explain", "--lang", "fr", "x")
    tap.expect("usage" in tap.must([PROGRAM, "--help"]), "no usage")


def real_texts_are_told_apart():
    if not DATA.is_dir():
        raise tap.Skip(f"there are no texts in {DATA}")
    for name, accuracy, size in (("zh_tianchi_aspect", 0.88, 300000), ("zh_waimai_sent", 0.895, 64000)):
        model = FOLDER / name
        tap.must([PROGRAM, "train", "--data", DATA / name / "train.tsv", "--model", model])
        found = evaluated("--model", model, "--data", DATA / name / "test.tsv")
        tap.expect(found["accuracy"] >= accuracy and found["model_bytes"] <= size, name, found["accuracy"])
        tap.expect(found["answered_accuracy"] >= 0.94, name, "answered", found["answered_accuracy"])
    default = evaluated("--default", "--task", "category", "--lang", "zh", "--data", DATA / "zh_jddc_gold/dev.tsv")
    tap.expect(default["accuracy"] >= 0.72 and default["answered"] >= 0.75 * default["answerable"], default["accuracy"])


if __name__ == "__main__":
    tap.main([(f.__name__.replace("_", " "), f) for f in (
        it_learns_what_it_is_shown, equal_seeds_give_equal_files, predictions_are_label_confidence_text,
        the_default_needs_no_model, it_explains, faults_are_named_by_their_line, models_that_are_none_are_refused,
        wrong_use_is_told, real_texts_are_told_apart)])
