"""What a message is about, without a store."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from ._call import buffer_bytes, run, text_of
from ._ffi import ffi, lib
from ._frame import Frame
from ._handle import Shared
from .policy import Policy
from .values import Money, utf8, wrong_type

KINDS = {
    lib.AFT_STATED_ORDER: "order",
    lib.AFT_STATED_WAYBILL: "waybill",
    lib.AFT_STATED_AMOUNT: "amount",
    lib.AFT_STATED_PRODUCT: "product",
}


class Stated(NamedTuple):
    """A number, amount or product that a message states; text[begin:end] is its place."""

    kind: str  # "order", "waybill", "amount" or "product"
    value: str
    begin: int
    end: int
    money: Optional[Money] = None  # of an amount
    carrier: str = ""  # of a parcel number whose form tells it


def fill_scores(frame: Frame, scores: Mapping[str, float]) -> None:
    if not isinstance(scores, Mapping):
        raise wrong_type("scores", "a mapping of categories to probabilities", scores)
    array = ffi.new("aft_triage_score[]", len(scores))
    for place, (category, probability) in zip(array, scores.items()):
        if not isinstance(probability, (int, float)):
            raise wrong_type(f"scores[{category!r}]", "a number", probability)
        if not 0 <= probability <= 1:
            raise ValueError(f"scores[{category!r}]: expected a probability from 0 to 1, found {probability!r}")
        place.size = ffi.sizeof("aft_triage_score")
        place.ppm = round(probability * 1_000_000)
        frame.fill_text(place.category, utf8("scores", category))
    frame.array("scores", array, len(scores))


class Triage(Shared):
    """What a message is about: it is read with the rules and words of a policy, and the result is for any thread.

    earlier: what the same customer said shortly before, the oldest first. desk: what the desk said last. scores: a
    model's probabilities by category, weighed with the rules as the policy says, or by model_weight and rule_weight
    (permille) as learnt from labels. Where it is unsure, category is "other" and guess the best all the same."""

    def __init__(
        self,
        policy: Policy,
        text: str,
        *,
        earlier: Sequence[str] | None = None,
        desk: str | None = None,
        label: str | None = None,
        order_state: str | None = None,
        case_state: str | None = None,
        channel: str | None = None,
        tier: str | None = None,
        language: str | None = None,
        currency: str | None = None,
        products: Sequence[str] | None = None,
        scores: Mapping[str, float] | None = None,
        has_order: bool = False,
        asked: bool = False,
        model_weight: int | None = None,
        rule_weight: int | None = None,
    ) -> None:
        if not isinstance(policy, Policy):
            raise wrong_type("policy", "a Policy", policy)
        frame, out = Frame("aft_triage_in"), ffi.new("aft_triage **")
        texts = {"text": text, "desk": desk, "label": label, "order_state": order_state, "case_state": case_state}
        texts |= {"channel": channel, "tier": tier, "language": language, "currency": currency}
        for name, value in texts.items():
            frame.text(name, value)
        frame.texts("earlier", earlier)
        frame.texts("products", products)
        if scores is not None:
            fill_scores(frame, scores)
        frame.flag("has_order", has_order)
        frame.flag("asked", asked)
        frame.number("model_weight", model_weight)
        frame.number("rule_weight", rule_weight)
        with policy._use() as pointer:
            run(lib.aft_triage_run, [pointer, frame.struct, out], lambda _status: None)
        super().__init__(out[0], lib.aft_triage_free, policy.env._callbacks)
        self._read(out[0], text.encode())

    def _read(self, pointer: Any, text: bytes) -> None:
        def word(field: int) -> str:
            return str(ffi.string(lib.aft_triage_text(pointer, field)).decode())

        def number(field: int) -> int:
            return int(lib.aft_triage_number(pointer, field))

        self.category, self.guess = word(lib.AFT_TRIAGE_CATEGORY), word(lib.AFT_TRIAGE_GUESS)
        self.topic, self.runner_up = word(lib.AFT_TRIAGE_TOPIC), word(lib.AFT_TRIAGE_RUNNER_UP)
        self.confidence = number(lib.AFT_TRIAGE_CONFIDENCE)
        self.runner_up_confidence = number(lib.AFT_TRIAGE_RUNNER_UP_CONFIDENCE)
        self.unsure = bool(number(lib.AFT_TRIAGE_UNSURE))
        self.points, self.turns = number(lib.AFT_TRIAGE_POINTS), number(lib.AFT_TRIAGE_TURNS)
        self.label, self.agreement = word(lib.AFT_TRIAGE_LABEL), number(lib.AFT_TRIAGE_AGREEMENT)
        self.tone, self.tone_strength = word(lib.AFT_TRIAGE_TONE), number(lib.AFT_TRIAGE_TONE_STRENGTH)
        self.act, self.complaint = word(lib.AFT_TRIAGE_ACT), word(lib.AFT_TRIAGE_COMPLAINT)
        self.question, self.urgent = bool(number(lib.AFT_TRIAGE_QUESTION)), bool(number(lib.AFT_TRIAGE_URGENT))
        self.chaser, self.human = bool(number(lib.AFT_TRIAGE_CHASER)), bool(number(lib.AFT_TRIAGE_HUMAN))
        self.language, self.queue = word(lib.AFT_TRIAGE_LANGUAGE), word(lib.AFT_TRIAGE_QUEUE)
        self.priority = word(lib.AFT_TRIAGE_PRIORITY)
        self.priority_points = number(lib.AFT_TRIAGE_PRIORITY_POINTS)
        self.stated = [self._stated(pointer, i, text) for i in range(lib.aft_triage_stated_count(pointer))]
        self.suggestions = list(self._suggestions(pointer))

    @staticmethod
    def _stated(pointer: Any, i: int, text: bytes) -> Stated:
        def word(field: int) -> str:
            return str(ffi.string(lib.aft_triage_stated_text(pointer, i, field)).decode())

        def number(field: int) -> int:
            return int(lib.aft_triage_stated_number(pointer, i, field))

        places = [len(text[: number(field)].decode()) for field in (lib.AFT_STATED_BEGIN, lib.AFT_STATED_END)]
        currency = word(lib.AFT_STATED_CURRENCY)
        money = Money.of_minor(number(lib.AFT_STATED_MINOR), currency) if currency else None
        kind = KINDS[number(lib.AFT_STATED_KIND)]
        return Stated(kind, word(lib.AFT_STATED_VALUE), places[0], places[1], money, word(lib.AFT_STATED_CARRIER))

    @staticmethod
    def _suggestions(pointer: Any) -> list[str]:
        found: list[str] = []
        while (name := lib.aft_triage_suggestion(pointer, len(found))) != ffi.NULL:
            found.append(ffi.string(name).decode())
        return found

    def explain(self, locale: str = "en") -> str:
        """Why it was decided so: sentences, one a line."""
        out, name = ffi.new("aft_buf **"), text_of("locale", locale)
        with self._use() as pointer:
            return run(lib.aft_triage_explain, [pointer, name, out], lambda _s: buffer_bytes(out).decode())

    def json(self) -> str:
        """Everything but the reasons, as a JSON object."""
        out = ffi.new("aft_buf **")
        with self._use() as pointer:
            return run(lib.aft_triage_json, [pointer, out], lambda _s: buffer_bytes(out).decode())

    def __repr__(self) -> str:
        sure = "unsure" if self.unsure else "sure"
        return f"<Triage {self.guess}/{self.topic or '-'} {self.confidence} {sure}, {self.tone}, {self.act}>"
