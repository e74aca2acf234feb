"""Models in a store: trained on what the shop's people corrected, and made the tenant's own."""
from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ._call import Commands
from ._ffi import ffi, lib
from ._frame import Frame
from .examples import Example, Examples, unwrapped
from .model import Comparison, Model, Progress, Training, plain, training_options
from .values import wrong_type

if TYPE_CHECKING:
    from .store import Session


class Takeover(NamedTuple):
    """What became of a model. active: it is the tenant's own now; otherwise it was significantly worse."""

    active: bool
    comparison: Comparison


class Learning(Commands):
    """The methods of Desk that have to do with models."""

    session: Session

    def train_model(
        self,
        task: str = "category",
        *,
        most: int = 0,
        half_life: timedelta | None = None,
        whole: bool = False,
        more: Iterable[Example] = (),
        seed: int = 0,
        max_bytes: int = 0,
        wrong: float = 0.05,
        doubt: float = 0.1,
        progress: Progress | None = None,
        deadline: timedelta | None = None,
    ) -> Model:
        """Trains on the tenant's corrections, all but the fifth that activate_model compares on.

        most: corrections, the latest first; 0: 200000. half_life: age at which one counts half. whole: also on the
        fifth. more: further rows, read behind the corrections. The rest is as for Model.train."""
        examples, training, out = Examples(more), Training(progress), ffi.new("aft_model **")
        options = training_options(seed, max_bytes, wrong, doubt, True, training)
        frame, env = Frame("aft_training"), self.session.store.env
        frame.text("task", task)
        frame.number("most", most)
        if half_life is not None:
            frame.span("half_life", half_life, field="half_life_ms")
        frame.flag("whole", whole)
        frame.struct.options = options.struct
        handle = ffi.new_handle(examples)
        frame.struct.more, frame.struct.more_user = lib.aft_py_example, handle

        def take(_session: Session, _status: int) -> Model:
            return Model(out[0], env)

        return unwrapped(lambda: self._run(lib.aft_correction_train, [frame], [out], take, None, deadline))

    def activate_model(
        self,
        model: Model,
        *,
        most: int = 0,
        least: int = 0,
        forced: bool = False,
        deadline: timedelta | None = None,
    ) -> Takeover:
        """Makes a model the tenant's own, unless triage with it is significantly worse on held-back corrections.

        most: corrections to compare on; 0: 5000. least: fewer are too few. forced: even where it is worse."""
        if not isinstance(model, Model):
            raise wrong_type("model", "a Model", model)
        frame, compared = Frame("aft_activation_in"), Frame("aft_comparison")
        frame.number("most", most)
        frame.number("least", least)
        frame.flag("forced", forced)

        def take(_session: Session, status: int) -> Takeover:
            return Takeover(status != lib.AFT_IGNORED, plain(compared.struct, Comparison))

        with model._use() as pointer:
            arguments: list[Any] = [pointer, frame]
            return self._run(lib.aft_model_activate, arguments, [compared], take, None, deadline)

    def current_model(self, *, deadline: timedelta | None = None) -> Model:
        """The tenant's own model. NotFound where it has none."""
        out, env = ffi.new("aft_model **"), self.session.store.env

        def take(_session: Session, _status: int) -> Model:
            return Model(out[0], env)

        return self._run(lib.aft_model_current, [], [out], take, None, deadline)
