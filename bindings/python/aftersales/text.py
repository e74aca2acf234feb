"""Text helpers for your own edges."""
from __future__ import annotations

from typing import Any

from ._call import buffer_bytes, run
from ._error import error_of, new_error
from ._ffi import ffi, lib
from .env import Env, env_of
from .values import utf8


def _made(function: Any, text: str, env: Env | None) -> str:
    data, out = utf8("text", text), ffi.new("aft_buf **")
    with env_of(env)._use() as pointer:
        return run(function, [pointer, data, len(data), out], lambda _status: buffer_bytes(out).decode())


def redact(text: str, *, env: Env | None = None) -> str:
    """Masks phone numbers, e-mail addresses, card numbers and Chinese identity numbers."""
    return _made(lib.aft_text_redact, text, env)


def normalise(text: str, *, env: Env | None = None) -> str:
    """The form in which the library compares texts."""
    return _made(lib.aft_text_normalise, text, env)


def language(text: str) -> str:
    """The language of a text: "zh", "en", …, or "und" where it cannot be told."""
    data = utf8("text", text)
    return str(ffi.string(lib.aft_text_language(data, len(data))).decode())


def columns(text: str) -> int:
    """The columns that a text takes on a terminal: Chinese characters take two."""
    data = utf8("text", text)
    return int(lib.aft_text_columns(data, len(data)))


def parse_code(text: str) -> str:
    """A short code as a person typed it, in its one written form: T-7K3M-Q2XD."""
    data, out, error = utf8("text", text), ffi.new("char[]", 12), new_error()
    status = lib.aft_code_parse(data, len(data), out, error)
    if status < 0:
        raise error_of(status, error)
    return str(ffi.string(out).decode())
