"""Evidence as it streams: from a file into a case, and its bytes back; and the directories that keep them."""
from __future__ import annotations

import mimetypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeVar, Union

from ._call import Commands, id_of, run
from ._ffi import ffi, lib
from ._frame import Frame
from ._handle import Shared, keep_cause
from .env import Env, env_of
from .records import Evidence
from .values import wrong_type

if TYPE_CHECKING:
    from .cursor import Cursor
    from .record import Record
    from .store import Session

    R = TypeVar("R", bound=Record)

CHUNK = 1 << 16
Content = Union[str, "os.PathLike[str]", BinaryIO, bytes]


class BlobsCopied(NamedTuple):
    """What copying did. bytes: of the contents that were missing in the target."""

    copied: int
    stood: int
    bytes: int


class Blobs(Shared):
    """A directory that keeps the contents of evidence, for Store(…, blobs=…). The folder must be there."""

    def __init__(self, path: str | os.PathLike[str], *, env: Env | None = None) -> None:
        self.env = env_of(env)
        name = Frame("aft_evidence_in")  # keeps the text alive during the call
        name.text("name", os.fspath(path) if isinstance(path, os.PathLike) else path)
        out = ffi.new("aft_blobs **")
        with self.env._use() as pointer:
            run(lib.aft_blob_directory_open, [pointer, name.struct.name, out], lambda _status: None)
        super().__init__(out[0], lib.aft_blobs_unref, self.env._callbacks)

    def copy_to(self, target: Blobs) -> BlobsCopied:
        """Copies what the target lacks, each content checked on the way: for backups, and to restore one."""
        if not isinstance(target, Blobs):
            raise wrong_type("target", "a Blobs", target)
        report = Frame("aft_blob_copied")
        with self._use() as here, target._use() as there:
            run(lib.aft_blob_copy, [here, there, report.struct], lambda _status: None)
        return BlobsCopied(report.struct.copied, report.struct.stood, report.struct.bytes)


class Sink:
    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.write = write


@ffi.def_extern(error=1, onerror=keep_cause)  # type: ignore[untyped-decorator]
def aft_py_sink(user: Any, data: Any, n: int) -> int:
    ffi.from_handle(user).write(bytes(ffi.buffer(data, n)))
    return 0


@contextmanager
def chunks_of(content: Content) -> Iterator[Iterator[bytes]]:
    """The bytes of a path, of a file open in binary mode, or of bytes, piece by piece."""
    if isinstance(content, bytes):
        yield (content[i : i + CHUNK] for i in range(0, len(content), CHUNK))
    elif isinstance(content, (str, os.PathLike)):
        with open(content, "rb") as file:
            yield iter(lambda: file.read(CHUNK), b"")
    elif hasattr(content, "read"):
        yield iter(lambda: content.read(CHUNK), b"")
    else:
        raise wrong_type("content", "a path, a binary file or bytes", content)


def name_of(content: Content) -> str | None:
    given = content if isinstance(content, (str, os.PathLike)) else getattr(content, "name", None)
    return os.path.basename(os.fspath(given)) if isinstance(given, (str, os.PathLike)) else None


class EvidenceCommands(Commands):
    """What streams. The other commands of evidence are among the rest."""

    def add_evidence(
        self,
        case: int,
        content: Content,
        *,
        kind: str,
        type: str | None = None,
        name: str | None = None,
        key: str | None = None,
        deadline: timedelta | None = None,
    ) -> Evidence:
        """Adds a photo, video or paper to a case, from a path, a file open in binary mode, or bytes.

        kind: photo, video, document or the policy's own.
        type: "image/jpeg" and the like; default: by the file's name.
        name: the file's, for people; default: that of the path or file."""
        name = name_of(content) if name is None else name
        type = mimetypes.guess_type(name or "")[0] if type is None else type
        if type is None:
            raise ValueError('type: expected one such as "image/jpeg", since the name of the file does not tell')
        frame, upload = Frame("aft_evidence_in"), ffi.new("aft_evidence_upload **")
        frame.id("case", case, field="of")
        frame.text("kind", kind)
        frame.text("type", type)
        frame.text("name", name)
        caller = self._caller(key, deadline)
        assert caller
        with chunks_of(content) as chunks, self._working() as session:
            begun = [session._live(), caller.struct, frame.struct, upload]
            run(lib.aft_evidence_begin, begun, lambda _status: None)
            return self._stream(upload[0], chunks)

    def _stream(self, upload: Any, chunks: Iterator[bytes]) -> Evidence:
        try:
            for chunk in chunks:
                if not isinstance(chunk, bytes):
                    raise wrong_type("content", "a file open in binary mode", chunk)
                run(lib.aft_evidence_write, [upload, chunk, len(chunk)], lambda _status: None)
        except BaseException:
            lib.aft_evidence_abort(upload)
            raise
        out = ffi.new("aft_record **")

        def take(status: int) -> Evidence:
            try:
                return Evidence._read(out[0], status)
            finally:
                lib.aft_record_free(out[0])

        return run(lib.aft_evidence_commit, [upload, out], take)

    def read_evidence(self, evidence: int, *, deadline: timedelta | None = None) -> bytes:
        """The bytes of a piece of evidence, checked against their digest."""
        pieces: list[bytes] = []
        handle = ffi.new_handle(Sink(pieces.append))
        given = [id_of("evidence", evidence), lib.aft_py_sink, handle]
        self._run(lib.aft_evidence_read, given, [], lambda _s, _status: None, None, deadline)
        return b"".join(pieces)

    def parts_of_case(self, case: int, kind: type[R], *, deadline: timedelta | None = None) -> Cursor[R]:
        """What belongs to a case, in the order in which it arose.

        kind: a class of records: CaseLine, Proposal, Leg, Finding, Parcel, Appointment, Invoice, Mirror, Signal
        or Event."""
        number = getattr(kind, "KIND", None)
        if not isinstance(number, int):
            raise wrong_type("kind", "a class of records", kind)
        return self._cursor(lib.aft_case_parts, [id_of("case", case), number], kind, None, deadline)


def sweep(session: Session) -> int:
    removed = ffi.new("int64_t *")
    session._run(lib.aft_evidence_sweep, [removed], [], lambda _s, _status: None, None, None)
    return int(removed[0])
