"""Models of text: trained on a shop's own labels in seconds, calibrated, in one small file."""
from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from ._call import buffer_bytes, run, text_of
from ._ffi import ffi, lib
from ._frame import Frame
from ._handle import Shared, keep_cause
from .env import Env, env_of
from .examples import Example, Examples, permille
from .values import utf8, wrong_type

Progress = Callable[[float], object]


@dataclass(frozen=True)
class Prediction:
    """What a model takes a text for. unsure: below the confidence that keeps the promise."""

    label: str
    confidence: float  # calibrated probability of the label
    runner_up: str
    second: float  # probability of the runner-up
    unsure: bool


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a model. The figures from accuracy on come from examples that were held back in turn."""

    bytes: int
    examples: int  # it was trained on
    labels: int
    calibrated: int  # examples that the figures come from
    accuracy: float
    macro_f1: float  # mean over the labels
    ece: float  # expected calibration error
    threshold: float  # confidence from which the model answers; above 1: it never does
    coverage: float  # share of the texts that it answers there


@dataclass(frozen=True)
class Comparison:
    """Two models on the same examples. better, worse: the new one is, at p < 0.05."""

    examples: int
    both: int  # both right
    only_old: int  # the old one alone is right
    only_new: int
    old_accuracy: float
    new_accuracy: float
    p: float  # chance of such a difference between equal models: McNemar's exact test
    better: bool
    worse: bool


class Threshold(NamedTuple):
    """confidence: from which a promise is kept; above 1 where none can be given. coverage: share that is answered."""

    confidence: float
    coverage: float


class Training:
    """The progress of a training, told to Python; an interrupt from the keyboard ends it too."""

    def __init__(self, progress: Progress | None) -> None:
        if progress is not None and not callable(progress):
            raise wrong_type("progress", "a function", progress)
        self.progress = progress

    def told(self, permille: int) -> bool:
        """Whether to go on: whatever the function gives but False."""
        return self.progress is None or self.progress(permille / 1000) is not False


@ffi.def_extern(error=1, onerror=keep_cause)  # type: ignore[untyped-decorator]
def aft_py_training(user: Any, permille: int) -> int:
    return 0 if ffi.from_handle(user).told(permille) else 1


def training_options(seed: int, max_bytes: int, wrong: float, doubt: float, keep: bool, training: Training) -> Frame:
    frame = Frame("aft_model_options")
    frame.number("seed", seed)
    frame.number("max_bytes", max_bytes)
    frame.put("wrong_permille", permille("wrong", wrong, 0.999))
    frame.put("doubt_permille", permille("doubt", doubt, 0.999))
    if not isinstance(keep, bool):
        raise wrong_type("keep_contradictions", "a bool", keep)
    frame.put("contradictions", lib.AFT_MODEL_KEEP if keep else lib.AFT_MODEL_REFUSE)
    handle = ffi.new_handle(training)
    frame.kept.append(handle)
    frame.struct.progress, frame.struct.progress_user = lib.aft_py_training, handle
    return frame


def path_of(path: str | os.PathLike[str]) -> Any:
    return text_of("path", os.fspath(path) if isinstance(path, os.PathLike) else path)


def plain(struct: Any, kind: type[Any]) -> Any:
    """A dataclass with the fields of a struct; flags become bool."""
    flags = ("unsure", "better", "worse")
    values = {name: getattr(struct, name) for name in kind.__dataclass_fields__}
    return kind(**{name: bool(v) if name in flags else v for name, v in values.items()})


class Model(Shared):
    """Immutable, for any thread. Made by Model.train, Model.open and Model.from_bytes.

    labels: in order of their bytes. info: what is known of it. It pickles as its bytes, and comes back with the default
    environment."""

    def __init__(self, pointer: Any, env: Env) -> None:
        super().__init__(pointer, lib.aft_model_unref, env._callbacks)
        self.env = env
        about = Frame("aft_model_info")
        run(lib.aft_model_about, [pointer, about.struct], lambda _status: None)
        self.info: ModelInfo = plain(about.struct, ModelInfo)
        names = (ffi.string(lib.aft_model_label(pointer, i)) for i in range(self.info.labels))
        self.labels: tuple[str, ...] = tuple(name.decode() for name in names)

    @classmethod
    def train(
        cls,
        rows: Iterable[Example],
        *,
        seed: int = 0,
        max_bytes: int = 0,
        wrong: float = 0.05,
        doubt: float = 0.1,
        keep_contradictions: bool = False,
        progress: Progress | None = None,
        env: Env | None = None,
    ) -> Model:
        """Trains on labelled texts; takes seconds. The same rows and seed give the same model on the same machine.

        rows: (label, text) or (label, text, weight), each label at least twice; what they raise reaches the caller. An
        error names the row, from 1: "examples[12]". max_bytes: of the model; 0: as labels and rows suggest. wrong:
        share of wrong answers, among those given, that is promised at most; doubt: chance that the promise is broken.
        keep_contradictions: let one text have two labels. progress(done) is told from 0 to 1; False ends the
        training with Interrupted."""
        env, examples, training = env_of(env), Examples(rows), Training(progress)
        options = training_options(seed, max_bytes, wrong, doubt, keep_contradictions, training)
        out = ffi.new("aft_model **")
        with env._use() as pointer:
            return examples.run(
                lib.aft_model_train, [pointer, options.struct, None, out], lambda _status: cls(out[0], env)
            )

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, env: Env | None = None) -> Model:
        """Maps the file of a model. Nothing may write to it meanwhile; save replaces it safely."""
        env, out, name = env_of(env), ffi.new("aft_model **"), path_of(path)
        with env._use() as pointer:
            return run(lib.aft_model_open, [pointer, name, out], lambda _status: cls(out[0], env))

    @classmethod
    def from_bytes(cls, data: bytes, *, env: Env | None = None) -> Model:
        """From what to_bytes gave, on whatever machine."""
        if not isinstance(data, bytes):
            raise wrong_type("data", "bytes", data)
        env, out = env_of(env), ffi.new("aft_model **")
        with env._use() as pointer:
            return run(
                lib.aft_model_open_image, [pointer, data, len(data), out], lambda _status: cls(out[0], env)
            )

    def to_bytes(self) -> bytes:
        """The model as bytes, the same on every kind of machine."""
        out = ffi.new("aft_buf **")
        with self._use() as pointer:
            return run(lib.aft_model_image, [pointer, out], lambda _status: buffer_bytes(out))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model to a file, whole or not at all; one that stands there is replaced."""
        name = path_of(path)
        with self._use() as pointer:
            run(lib.aft_model_save, [pointer, name], lambda _status: None)

    def predict(self, text: str) -> Prediction:
        """The label of a text. An empty text gives the label that is likeliest without any."""
        data, found = utf8("text", text), ffi.new("aft_prediction *", {"size": ffi.sizeof("aft_prediction")})
        with self._use() as pointer:
            run(lib.aft_model_predict, [pointer, data, len(data), found], lambda _status: None)
        labels = self.labels[found.label], self.labels[found.runner_up]
        return Prediction(labels[0], found.confidence, labels[1], found.second, bool(found.unsure))

    def _probabilities(self, text: str) -> list[float]:
        """In order of the labels."""
        data, n = utf8("text", text), len(self.labels)
        out = ffi.new("double[]", n)
        with self._use() as pointer:
            return run(lib.aft_model_scores, [pointer, data, len(data), out, n], lambda _status: list(out))

    def scores(self, text: str) -> dict[str, float]:
        """The calibrated probability of each label. Triage takes them as its scores."""
        return dict(zip(self.labels, self._probabilities(text)))

    def threshold(self, wrong: float = 0.05, doubt: float = 0.1) -> Threshold:
        """The confidence from which at most a share of the answers is wrong, but for a chance of doubt."""
        out = ffi.new("double[2]")
        with self._use() as pointer:
            run(lib.aft_model_threshold, [pointer, wrong, doubt, out, out + 1], lambda _status: None)
        return Threshold(out[0], out[1])

    def explain(self, text: str) -> dict[str, Any]:
        """Why a text has its label: label, confidence, runner_up, unsure, and words, each with its text and weight,
        which is above 0 where it speaks for the label."""
        data, out = utf8("text", text), ffi.new("aft_buf **")
        with self._use() as pointer:
            found = run(lib.aft_model_explain, [pointer, data, len(data), out], lambda _status: buffer_bytes(out))
        explained: dict[str, Any] = json.loads(found)
        return explained

    def __reduce__(self) -> Any:
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        return f"<Model of {self.info.labels} labels, {self.info.examples} examples, {self.info.bytes} bytes>"


def compare_models(old: Model | None, new: Model, rows: Iterable[Example]) -> Comparison:
    """Compares two models on labelled texts that neither was trained on. old: None stands for answering the most
    frequent label."""
    for name, model in (("old", old), ("new", new)):
        if not isinstance(model, Model) and (model is not None or name == "new"):
            raise wrong_type(name, "a Model", model)
    examples, out = Examples(rows), Frame("aft_comparison")

    def compared(before: Any) -> Comparison:
        with new._use() as after:
            arguments = [before, after, None, out.struct]
            found: Comparison = examples.run(
                lib.aft_model_compare, arguments, lambda _status: plain(out.struct, Comparison)
            )
            return found

    if old is None:
        return compared(ffi.NULL)
    with old._use() as before:
        return compared(before)
