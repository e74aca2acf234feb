"""Reads the public headers: structs with their fields, functions with their parameters, and what is said of each."""
from __future__ import annotations

import pathlib
import re
from typing import NamedTuple

STRUCT = re.compile(r"(?:/\*((?:(?!\*/).)*)\*/\n)?^typedef struct (aft_\w+) \{\n(.*?)^\} \2;", re.M | re.S)
LIKE = re.compile(r"\b(?:see|as in) (aft_\w+)")
FUNCTION = re.compile(r"/\*((?:(?!\*/).)*)\*/\s*AFT_API ([^;]*?)\b(aft_\w+)\(([^;]*)\);", re.S)
PIECE = re.compile(r"/\*(.*?)\*/|([^;/]+);", re.S)
SLOT = re.compile(r"^(Threads|Errors|Since|Returns|[a-z_]+(?:, [a-z_]+)*): ", re.M)
CONSTANT = re.compile(r"\bAFT_[A-Z0-9_]+\b(?!…)")
PREFIX = re.compile(r"\b(AFT_[A-Z0-9_]*_)…")
DEFINE = re.compile(r"^#define[ \t]+(AFT_\w+)[ \t]+\(?-?(?:0[xX][0-9a-fA-F]+|\d+)[uU]?\)?", re.M)

NOTE = re.compile(r"^#define[ \t]+(AFT_\w+)[ \t]+\S+[ \t]+/\*(.*?)\*/", re.M | re.S)


class Field(NamedTuple):
    name: str
    type: str  # "aft_str", "const aft_id *"
    doc: str

    @property
    def required(self) -> bool:
        return re.search(r"\brequired\b(?!\s+(?:unless|for))", self.doc) is not None


class Function(NamedTuple):
    name: str
    doc: str
    slots: dict[str, str]  # "out" → what is said of it
    params: list[Field]


def plain(comment: str) -> str:
    """A comment without its stars, paragraphs kept."""
    lines = [re.sub(r"^\s*\*? ?", "", line).rstrip() for line in comment.strip("*\n ").splitlines()]
    return "\n".join(lines).strip()


def one_line(comment: str) -> str:
    return " ".join(plain(comment).split())


def declared(text: str, doc: str) -> list[Field]:
    """The fields of one declaration: 'aft_str name, phone'."""
    found = re.fullmatch(r"((?:const )?\w+) (\*{0,2})(\w+)((?:, \*?\w+)*)(\[\d+\])?", " ".join(text.split()))
    if not found:
        return [Field("", text, doc)]  # a function pointer: nothing that a table may name
    kind = found.group(1) + (" " + found.group(2) if found.group(2) else "")
    names = [found.group(3)] + [n.lstrip("*") for n in found.group(4).split(", ") if n]
    return [Field(name, kind, doc) for name in names]


def fields(body: str) -> list[Field]:
    """A comment on a declaration's line is its own, one on lines before belongs to what follows."""
    found: list[Field] = []
    before, last, end = "", 0, -1
    for piece in PIECE.finditer(body):
        if piece.group(1) is None:
            last = len(found)
            found += declared(piece.group(2).strip(), before)
            before, end = "", piece.end()
        elif end >= 0 and "\n" not in body[end : piece.start()]:
            found[last:] = [f._replace(doc=one_line(piece.group(1))) for f in found[last:]]
        else:
            before = one_line(piece.group(1))
    return found


def function(comment: str, name: str, params: str) -> Function:
    text = plain(comment)
    marks = list(SLOT.finditer(text))
    slots = {}
    for mark, following in zip(marks, [*marks[1:], None]):
        said = " ".join(text[mark.end() : following.start() if following else None].split())
        slots.update({slot: said for slot in mark.group(1).split(", ")})
    doc = text[: marks[0].start()] if marks else text
    flat = [declared(p.strip(), "")[0] for p in params.split(",")]
    return Function(name, doc.strip(), slots, [p._replace(doc=slots.get(p.name, "")) for p in flat])


class Headers:
    def __init__(self, folder: pathlib.Path) -> None:
        self.files = sorted(folder.rglob("*.h"))
        texts = [path.read_text(encoding="utf-8") for path in self.files]
        found = [row for text in texts for row in STRUCT.findall(text)]
        self.structs = {name: fields(body) for _, name, body in found}
        for note, name, _ in found:
            self.structs[name] = [self.explained(field, note) for field in self.structs[name]]
        functions = [function(f[0], f[2], f[3]) for text in texts for f in FUNCTION.findall(text)]
        self.functions = {
            f.name: f._replace(params=[self.explained(p, p.doc) if p.type == "uint32_t" else p for p in f.params])
            for f in functions
        }
        self.notes = {name: one_line(note) for text in texts for name, note in NOTE.findall(text)}
        self.constants = [name for text in texts for name in DEFINE.findall(text)]

    def explained(self, field: Field, note: str) -> Field:
        """What nothing is said of here, but of the field of that name in the struct that the note leads to."""
        like = LIKE.search(note)
        if not like or (field.doc and field.doc != note):
            return field
        docs = [f.doc for f in self.structs.get(like.group(1), []) if f.name == field.name]
        return field._replace(doc=docs[0]) if docs else field

    def choices(self, doc: str) -> list[str]:
        """The constants that a text offers: 'AFT_ACT_…', or each by its name."""
        prefix = PREFIX.search(doc)
        if prefix:
            return [name for name in self.constants if name.startswith(prefix.group(1))]
        return [name for name in CONSTANT.findall(doc) if name in self.constants and not name.startswith("AFT_E_")]
