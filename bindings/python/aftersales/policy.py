"""Policies: what a shop may decide, compiled from YAML."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from ._call import buffer_bytes, run, text_of
from ._error import Error
from ._ffi import ffi, lib
from ._frame import Frame, chosen
from ._handle import Shared, keep_cause
from .env import Env, env_of
from .values import utf8, wrong_type

Drawing = Literal["mermaid", "dot", "json"]
DRAWINGS = {"mermaid": lib.AFT_FLOW_MERMAID, "dot": lib.AFT_FLOW_DOT, "json": lib.AFT_FLOW_JSON}
Loader = Callable[[int], "tuple[str, str] | None"]


class Loading:
    """Fetches documents one by one for C; the texts of one live until the next."""

    def __init__(self, load: Loader) -> None:
        self.load = load
        self.frame: Frame | None = None

    def next(self, index: int, out: Any) -> int:
        document = self.load(index)
        if document is None:
            return 0
        if not isinstance(document, tuple) or len(document) != 2:
            raise wrong_type(f"load({index})", "a name and a text, or None", document)
        self.frame = Frame("aft_document")
        self.frame.text("name", document[0])
        self.frame.text("text", document[1])
        out.name, out.text = self.frame.struct.name, self.frame.struct.text
        return 1


@ffi.def_extern(error=-1, onerror=keep_cause)  # type: ignore[untyped-decorator]
def aft_py_load(user: Any, index: int, out: Any) -> int:
    return int(ffi.from_handle(user).next(index, out))


def loader_of(documents: Mapping[str, str] | Loader) -> Loader:
    if isinstance(documents, Mapping):
        pairs = list(documents.items())
        for name, text in pairs:
            utf8("documents", name)
            utf8(f"documents[{name!r}]", text)
        return lambda index: pairs[index] if index < len(pairs) else None
    if not callable(documents):
        raise wrong_type("documents", "a mapping of names to texts, or a function", documents)
    return documents


class Policy(Shared):
    """Immutable, for any thread: documents compiled over the default policy, or the default itself.

    documents: YAML texts by their names, later ones overruling earlier ones, or a function that gives (name, text) for
    each index from 0 and None at the end. bare: do not build on the default. All faults are found at once: the
    exception's report has one a line."""

    def __init__(
        self, documents: Mapping[str, str] | Loader | None = None, *, bare: bool = False, env: Env | None = None
    ) -> None:
        env = env_of(env)
        out = ffi.new("aft_policy **")
        if documents is None:
            with env._use() as pointer:
                run(lib.aft_policy_default, [pointer, out], lambda _status: None)
        else:
            self._load(env, loader_of(documents), bare, out)
        self._take(out[0], env)

    @staticmethod
    def _load(env: Env, load: Loader, bare: bool, out: Any) -> None:
        handle = ffi.new_handle(Loading(load))
        frame, report = Frame("aft_policy_options"), ffi.new("aft_buf **")
        frame.struct.load, frame.struct.user = lib.aft_py_load, handle
        frame.flag("bare", bare)
        try:
            with env._use() as pointer:
                run(lib.aft_policy_load, [pointer, frame.struct, out, report], lambda _status: None)
        except Error as error:
            if report[0]:
                error.report = buffer_bytes(report).decode()
            raise

    def _take(self, pointer: Any, env: Env) -> None:
        self.env = env
        Shared.__init__(self, pointer, lib.aft_policy_unref, env._callbacks)

    @classmethod
    def _adopt(cls, pointer: Any, env: Env) -> Policy:
        policy = cls.__new__(cls)
        policy._take(pointer, env)
        return policy

    @classmethod
    def from_image(cls, image: bytes, *, env: Env | None = None) -> Policy:
        """From its compiled form."""
        if not isinstance(image, bytes):
            raise wrong_type("image", "bytes", image)
        env, out = env_of(env), ffi.new("aft_policy **")
        with env._use() as pointer:
            return run(
                lib.aft_policy_open_image, [pointer, image, len(image), out], lambda _s: cls._adopt(out[0], env)
            )

    @classmethod
    def map_image(cls, path: str, *, env: Env | None = None) -> Policy:
        """From a file with its compiled form, which is mapped."""
        env, out = env_of(env), ffi.new("aft_policy **")
        name = text_of("path", path)
        with env._use() as pointer:
            return run(lib.aft_policy_map_image, [pointer, name, out], lambda _s: cls._adopt(out[0], env))

    def image(self) -> bytes:
        """The compiled form, for a file or a cache; for machines of one byte order."""
        out = ffi.new("aft_buf **")
        with self._use() as pointer:
            return run(lib.aft_policy_image, [pointer, out], lambda _status: buffer_bytes(out))

    @property
    def hash(self) -> str:
        """SHA-256 of what the policy says, in hexadecimal digits."""
        with self._use() as pointer:
            return str(ffi.string(lib.aft_policy_hash(pointer)).decode())

    def text(self, key: str, locale: str = "en") -> str:
        """A text of the catalogue: text("category.logistics", "zh"). The key itself where there is none."""
        names = text_of("locale", locale), text_of("key", key)
        with self._use() as pointer:
            given = ffi.new("char[]", names[1])  # what is returned may be the key itself
            return str(ffi.string(lib.aft_policy_text(pointer, names[0], given)).decode())

    def draw(self, machine: str = "ticket", format: Drawing = "mermaid") -> str:
        """A state machine of the policy as a drawing."""
        out, number = ffi.new("aft_buf **"), chosen("format", format, DRAWINGS)
        name = text_of("machine", machine)
        with self._use() as pointer:
            return run(lib.aft_flow_export, [pointer, name, number, out], lambda _s: buffer_bytes(out).decode())
