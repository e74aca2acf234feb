"""Signed links that let a buyer into an order or a case, or answer a survey, for a time."""
from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ._call import Commands, buffer_bytes
from ._ffi import ffi, lib
from ._frame import Answer, Frame
from ._handle import Shared
from ._call import run
from .env import Env, env_of
from .records import Link, Survey
from .values import time_of, utf8, wrong_type

if TYPE_CHECKING:
    from .desk import Desk


VIA_NUMBERS = {"link": lib.AFT_VIA_LINK, "chat": lib.AFT_VIA_CHAT, "phone": lib.AFT_VIA_PHONE}


class LinkKeys(Shared):
    """Secrets that sign links, by their names, the newest first: {"2026-11": 32 or more random bytes}. The first
    signs, all verify. They are kept in memory and nowhere else."""

    def __init__(self, keys: Mapping[str, bytes], *, env: Env | None = None) -> None:
        if not isinstance(keys, Mapping):
            raise wrong_type("keys", "a dict of names and secrets", keys)
        self.env, out = env_of(env), ffi.new("aft_link_keys **")
        array, kept = ffi.new("aft_signing_key[]", len(keys)), []
        for place, (name, secret) in zip(array, keys.items()):
            if not isinstance(secret, bytes):
                raise wrong_type(f"keys[{name!r}]", "bytes", secret)
            memory = [ffi.from_buffer("char[]", utf8("keys", name) or b"\0"), ffi.from_buffer("char[]", secret or b"\0")]
            kept.append(memory)
            place.size = ffi.sizeof("aft_signing_key")
            place.name.data, place.name.len = memory[0], len(name.encode())
            place.secret, place.n = memory[1], len(secret)
        with self.env._use() as pointer:
            run(lib.aft_link_keys_new, [pointer, array, len(keys), out], lambda _status: None)
        super().__init__(out[0], lib.aft_link_keys_unref, self.env._callbacks)


def keys_of(value: object) -> LinkKeys:
    if not isinstance(value, LinkKeys):
        raise wrong_type("keys", "a LinkKeys", value)
    return value


class MadeLink(NamedTuple):
    """A link. token: what stands in the address; nobody can read it again from the store."""

    token: str
    link: Link


class OpenedLink(NamedTuple):
    """A link that was found good. desk: that of the buyer whom it lets in; nobody's for a survey's link, which lets
    nobody in: answer_survey takes its token."""

    desk: Desk
    link: int
    customer: int
    order: int | None
    case: int | None
    expires: datetime
    survey: int | None


class LinkCommands(Commands):
    def make_link(
        self,
        keys: LinkKeys,
        customer: int,
        *,
        lifetime: timedelta | None = None,
        order: int | None = None,
        case: int | None = None,
        survey: int | None = None,
        key: str | None = None,
        deadline: timedelta | None = None,
    ) -> MadeLink:
        """Makes a link into an order or a case, for its customer, payer or recipient, or to a survey that waits for its
        answer, for whom it asks: there it ends with the survey, and the same link is given again.

        lifetime: a minute to 366 days; None: as the policy says."""
        frame = Frame("aft_link_in")
        frame.id("customer", customer)
        frame.id("order", order)
        frame.id("case", case, field="of")
        frame.id("survey", survey)
        if lifetime is not None:
            frame.span("lifetime", lifetime, field="lifetime")
        token, out = ffi.new("aft_buf **"), ffi.new("aft_record **")

        def take(_session: Any, status: int) -> MadeLink:
            try:
                return MadeLink(buffer_bytes(token).decode(), Link._read(out[0], status))
            finally:
                lib.aft_record_free(out[0])

        with keys_of(keys)._use() as ring:
            return self._run(lib.aft_link_make, [ring, frame], [token, out], take, key, deadline)

    def answer_survey(
        self,
        survey: int | None = None,
        *,
        score: int = 0,
        text: str | None = None,
        answers: Mapping[str, Answer] | None = None,
        source: Literal["link", "chat", "phone"] | None = None,
        token: str | None = None,
        keys: LinkKeys | None = None,
        key: str | None = None,
        deadline: timedelta | None = None,
    ) -> Survey:
        """Takes the answer to a survey that was sent, by its id or the token of its link with the keys that verify it.

        score: 0 where the survey asks for none. answers: to its questions, by their names.
        source: how it was answered; required without a token, of which it is "link" by default."""
        frame, out = Frame("aft_survey_answer_in"), ffi.new("aft_record **")
        frame.id("survey", survey)
        frame.text("token", token)
        frame.text("text", text)
        frame.number("score", score)
        frame.answers("answers", answers)
        frame.choice("source", source, VIA_NUMBERS)

        def take(_session: Any, status: int) -> Survey:
            try:
                return Survey._read(out[0], status)
            finally:
                lib.aft_record_free(out[0])

        if keys is None:
            return self._run(lib.aft_survey_answer, [frame], [out], take, key, deadline)
        with keys_of(keys)._use() as ring:
            frame.put("keys", ring)
            return self._run(lib.aft_survey_answer, [frame], [out], take, key, deadline)


    def survey_form(
        self,
        survey: int | None = None,
        *,
        token: str | None = None,
        keys: LinkKeys | None = None,
        locale: Literal["zh", "en"] = "en",
        deadline: timedelta | None = None,
    ) -> dict[str, Any]:
        """What a survey asks, for the page that shows it: its kind and state, the ends of its score, its questions."""
        frame = Frame("aft_survey_form_in")
        frame.id("survey", survey)
        frame.text("token", token)
        frame.text("locale", locale)

        if keys is None:
            return dict(self._json(lib.aft_survey_form, [frame], None, deadline))
        with keys_of(keys)._use() as ring:
            frame.put("keys", ring)
            return dict(self._json(lib.aft_survey_form, [frame], None, deadline))


def opened(session: Any, tenant: int, keys: LinkKeys, token: str) -> OpenedLink:
    from .desk import Desk

    text, out = Frame("aft_link_in"), Frame("aft_link_opened")
    data = utf8("token", token)
    place = ffi.new("aft_str *")
    text.fill_text(place, data)

    def take(found: Any, _status: int) -> OpenedLink:
        o = out.struct
        desk = Desk(found, int(o.call.tenant), int(o.call.role), int(o.call.actor), int(o.call.link))
        end = time_of(o.expires)
        return OpenedLink(desk, o.link, o.customer, o.order or None, o.of or None, end, o.survey or None)

    out.struct.call.size = ffi.sizeof("aft_call")
    with keys_of(keys)._use() as ring:
        found: OpenedLink = session._run(lib.aft_link_open, [tenant, ring, place[0], out], [], take, None, None)
    return found
