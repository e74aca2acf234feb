"""A classifier of texts with the methods that scikit-learn's have. Nothing of scikit-learn is needed."""
from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any, ClassVar

from .errors import NullHandle
from .model import Model
from .values import wrong_type


class NotFitted(NullHandle):
    """The classifier was not trained yet: call fit first."""


def listed(name: str, values: Iterable[Any]) -> list[Any]:
    """A list, an array or whatever gives its items."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise wrong_type(name, "a list", values)
    return list(values)


def same_length(X: list[Any], **others: list[Any]) -> None:
    for name, values in others.items():
        if len(values) != len(X):
            raise ValueError(f"{name}: expected {len(X)} items as in X, found {len(values)}")


class TextClassifier:
    """Texts in, labels out: lists of str. Parameters are those of Model.train. It may be pickled, and predicts in any
    thread.

    Once it is trained, classes_ are the labels in order, and model_ is the Model: to save it, to explain, and to tell
    what it is unsure of."""

    PARAMETERS: ClassVar[tuple[str, ...]] = ("seed", "max_bytes", "wrong", "doubt", "keep_contradictions")
    _estimator_type = "classifier"
    model_: Model
    classes_: list[str]

    def __init__(
        self,
        *,
        seed: int = 0,
        max_bytes: int = 0,
        wrong: float = 0.05,
        doubt: float = 0.1,
        keep_contradictions: bool = False,
    ) -> None:
        self.seed, self.max_bytes = seed, max_bytes
        self.wrong, self.doubt = wrong, doubt
        self.keep_contradictions = keep_contradictions

    def fit(
        self, X: Iterable[str], y: Iterable[str], sample_weight: Iterable[float] | None = None
    ) -> TextClassifier:
        """Trains on texts and their labels. An error names the text, from 1: "examples[12]"."""
        texts, labels = listed("X", X), listed("y", y)
        weights = [1.0] * len(texts) if sample_weight is None else listed("sample_weight", sample_weight)
        same_length(texts, y=labels, sample_weight=weights)
        self.model_ = Model.train(zip(labels, texts, weights), **self.get_params())
        self.classes_ = list(self.model_.labels)
        return self

    def _fitted(self) -> Model:
        if not self.__sklearn_is_fitted__():
            raise NotFitted("the classifier was not trained yet: call fit first", where="classifier")
        return self.model_

    def predict(self, X: Iterable[str]) -> list[str]:
        """The label of each text."""
        model = self._fitted()
        return [model.predict(text).label for text in listed("X", X)]

    def predict_proba(self, X: Iterable[str]) -> list[list[float]]:
        """For each text the calibrated probabilities, in order of classes_."""
        model = self._fitted()
        return [model._probabilities(text) for text in listed("X", X)]

    def score(self, X: Iterable[str], y: Iterable[str], sample_weight: Iterable[float] | None = None) -> float:
        """The share of the texts whose label is found."""
        found, labels = self.predict(X), listed("y", y)
        weights = [1.0] * len(found) if sample_weight is None else listed("sample_weight", sample_weight)
        same_length(found, y=labels, sample_weight=weights)
        if not sum(weights):
            raise ValueError("X: expected at least one text that counts, found none")
        return float(sum(w for f, label, w in zip(found, labels, weights) if f == label) / sum(weights))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the constructor."""
        return {name: getattr(self, name) for name in self.PARAMETERS}

    def set_params(self, **params: Any) -> TextClassifier:
        """Sets parameters for the next fit."""
        for name in params:
            if name not in self.PARAMETERS:
                raise ValueError(f"{name}: expected one of {', '.join(self.PARAMETERS)}")
        vars(self).update(params)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        """Asked by scikit-learn alone."""
        sk = importlib.import_module("sklearn.utils")
        inputs = sk.InputTags(one_d_array=True, two_d_array=False, string=True)
        target = sk.TargetTags(required=True)
        return sk.Tags("classifier", target, classifier_tags=sk.ClassifierTags(), input_tags=inputs)

    def __repr__(self) -> str:
        return f"TextClassifier({', '.join(f'{name}={value!r}' for name, value in self.get_params().items())})"
