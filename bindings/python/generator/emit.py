"""The text of the generated modules."""
from __future__ import annotations

import keyword
import os
import re
import textwrap
from typing import Any, NamedTuple

from headers import PREFIX, Field, Function, Headers
from table import COMMANDS, ERROR_NAMES, INPUTS, Command

HEAD = '"""{doc}\n\nGenerated from the headers and tables of libaftersales by bindings/python/generator."""\n'
HEAD += "from __future__ import annotations\n"

ARRAYS = {"const aft_id *": ("int", "ids"), "const aft_str *": ("str", "texts")}
BOUNDS = {"const int64_t *": ("int", "bound")}  # one number, or none
SCALARS = {
    "aft_str": ("str", "text"),
    "aft_id": ("int", "id"),
    "aft_time": ("datetime", "time"),
    "aft_money": ("Money", "money"),
    "int64_t": ("int", "number"),
    "uint64_t": ("int", "number"),
    "uint32_t": ("int", "number"),
    "int32_t": ("int", "number"),
}
RENAMED = {"Appointment": "AppointmentAct", "Invoice": "InvoiceOutcome"}  # records are called so
AMOUNTS = {("aft_order_line_in", name) for name in ("price", "paid", "tax")}
AMOUNTS |= {("aft_order_share_in", "amount"), ("aft_order_facts_in", "earned_value")}
FLAG = re.compile(r"1: |1 when|1 where|0 or 1$|1 or 0$")


def python_name(name: str) -> str:
    return name + "_" if keyword.iskeyword(name) else name


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.lower().split("_"))


def docstring(text: str, indent: int) -> str:
    space = " " * indent
    body = textwrap.indent(text.replace("\\", "\\\\").replace('"""', "'''").strip(), space).strip()
    body += " " if body.endswith('"') else ""
    return f'{space}"""{body}"""'


class Choice(NamedTuple):
    """A number of the C interface that has names."""

    name: str  # of the type in Python
    values: dict[str, str]  # word → constant

    @property
    def table(self) -> str:
        return self.name.upper() + "_NUMBERS"


def choice(field: Field, headers: Headers) -> Choice | None:
    names = headers.choices(field.doc) if field.type == "uint32_t" else []
    if not names:
        return None
    prefix = os.path.commonprefix(names)
    stated = PREFIX.search(field.doc)  # the only one of its kind has no common beginning with another
    prefix = stated.group(1) if stated else prefix
    prefix = prefix[: prefix.rfind("_") + 1]
    name = prefix[len("AFT_") : -1] or field.name
    return Choice(RENAMED.get(camel(name), camel(name)), {n[len(prefix) :].lower(): n for n in names})


class Argument(NamedTuple):
    """One argument in Python: what it is called there, its type, and how it gets into its field."""

    name: str
    field: str
    type: str
    fill: str  # a method of Frame
    more: str  # its further arguments
    required: bool
    doc: str


def is_flag(field: Field) -> bool:
    return field.type in ("uint32_t", "int32_t") and FLAG.match(field.doc) is not None


def argument(field: Field, headers: Headers, owner: str) -> Argument:
    named = choice(field, headers)
    name, more = field.name, ""
    if named:
        kind, fill, more = named.name, "choice", f", {named.table}"
    elif is_flag(field):
        kind, fill = "bool", "flag"
    elif field.type == "int64_t" and (name.endswith("_ms") or name == "ms"):
        kind, fill, name = "timedelta", "span", name[: -len("_ms")] or "time"
        more = f', field="{field.name}"'
    elif field.type in ARRAYS:
        item, fill = ARRAYS[field.type]
        kind = f"Sequence[{item}]"
    elif name == "answers" and field.type == "const aft_field_in *":
        kind, fill = "Mapping[str, Answer]", "answers"
    elif field.type[len("const ") :].rstrip(" *") in INPUTS and field.type.endswith("*"):
        item, fill = INPUTS[field.type[len("const ") :].rstrip(" *")], "inputs"
        kind, more = f"Sequence[{item} | Mapping[str, Any]]", f", {item}"
    elif field.type in BOUNDS:
        kind, fill = BOUNDS[field.type]
    elif field.type == "int64_t" and (owner, name) in AMOUNTS:
        kind, fill = "Money | int", "minor"
    elif field.type in SCALARS:
        kind, fill = SCALARS[field.type]
    else:
        raise SystemExit(f"generator: no way to pass the field {field.name} of type '{field.type}' from Python")
    if name == "deadline":  # that of the call itself is called so
        more += ', field="deadline"'
        name = "due"
    if python_name(name) != name:
        more += f', field="{field.name}"'
        name = python_name(name)
    doc = said_of(name, field.doc, named)
    return Argument(name, field.name, kind, fill, more, field.required, doc)


def bits(field: Field, headers: Headers) -> list[Argument]:
    """Flags of one field: a bool for each, by its name."""
    named = choice(field, headers) if field.name == "flags" else None
    words = named.values if named else {}
    return [
        Argument(w, field.name, "bool", "bit", f', number=lib.{c}', False, said_of(w, headers.notes.get(c, "")))
        for w, c in words.items()
    ]


def arguments(struct: str, headers: Headers) -> list[Argument]:
    counts = {"n_" + f.name for f in headers.structs[struct] if f.type.endswith("*")}
    shown = [f for f in headers.structs[struct] if f.name not in counts | {"size"} and "reserved" not in f.name]
    found = [a for field in shown for a in (bits(field, headers) or [argument(field, headers, struct)])]
    return sorted(found, key=lambda a: not a.required)


def said_of(name: str, doc: str, named: Choice | None = None) -> str:
    """What the header says of an argument, in Python's words; empty where nothing is left."""
    if named:
        doc = re.sub(r"AFT_\w+_…\.?", "one of " + ", ".join(f'"{w}"' for w in named.values), doc)
        for word, constant in named.values.items():
            doc = re.sub(rf"\b{constant}\b", f'"{word}"', doc)
    doc = re.sub(r"^1: |; closed by NUL|^NULL, or |; required$|^required(; |, |$)|AFT_NTS allowed\.?", "", doc)
    doc = re.sub(r"\bNULL\b", "None", doc).rstrip(".")
    return f"{name}: {doc}" if doc else ""


def described(args: list[Argument]) -> str:
    return "\n".join(a.doc for a in args if a.doc)


def parameter(a: Argument) -> str:
    return f"{a.name}: {a.type}" if a.required else f"{a.name}: {a.type} | None = None"


def fills(args: list[Argument], owner: str, indent: int) -> list[str]:
    return [f'{" " * indent}frame.{a.fill}("{a.name}", {owner}{a.name}{a.more})' for a in args]


# ---- inputs ----


def all_choices(headers: Headers) -> list[Choice]:
    found: dict[str, Choice] = {}

    def add(field: Field) -> None:
        named = choice(field, headers)
        if named and field.name != "flags":  # a text may name a part of the constants only
            found.setdefault(named.name, Choice(named.name, {})).values.update(named.values)

    for struct in [*INPUTS, *(struct_of(headers.functions[c.function]) for c in COMMANDS)]:
        for field in headers.structs.get(struct or "", []):
            add(field)
    for command in COMMANDS:
        for field in headers.functions[command.function].params:
            add(field)
    return sorted(found.values(), key=lambda named: named.name)


def inputs_module(headers: Headers) -> str:
    out = [HEAD.format(doc="What commands take beside plain values, and the words for numbers with names.")]
    out.append("from collections.abc import Mapping, Sequence\nfrom dataclasses import dataclass\nfrom datetime import datetime, timedelta")
    out.append("from typing import Any, Literal\n\nfrom ._ffi import lib\nfrom ._frame import Frame\nfrom .values import Money\n")
    for named in all_choices(headers):
        words = ", ".join(f'"{w}"' for w in named.values)
        out.append(f"{named.name} = Literal[{words}]")
        rows = ", ".join(f'"{w}": lib.{c}' for w, c in named.values.items())
        out.append(f"{named.table}: dict[str, int] = {{{rows}}}\n")
    for struct, name in sorted(INPUTS.items(), key=lambda row: row[0] in ("aft_message_in", "aft_order_parcel_in")):
        args = arguments(struct, headers)
        out.append(f"\n@dataclass(frozen=True)\nclass {name}:")
        out.append(docstring(described(args) or name, 4) + "\n")
        out += [f"    {parameter(a)}" for a in args]
        out.append(f'\n    STRUCT = "{struct}"\n\n    def fill(self, frame: Frame) -> None:')
        out += fills(args, "self.", 8)
        out.append("")
    return "\n".join(out)


# ---- commands ----


def struct_of(function: Function) -> str | None:
    for param in function.params:
        if param.name == "in":
            return param.type.removeprefix("const ").rstrip(" *")
    return None


RESULTS = {
    "aft_record **": ("_record", "{0}"),
    "aft_cursor **": ("_cursor", "Cursor[{0}]"),
    "aft_buf **": ("_text", "str"),
    "aft_policy **": ("_policy", "Policy"),
    "": ("_nothing", "None"),
}


class Method:
    """What a command looks like in Python."""

    def __init__(self, command: Command, headers: Headers) -> None:
        self.command = command
        self.function = headers.functions[command.function]
        self.headers = headers
        self.required: list[str] = []
        self.optional: list[str] = []
        self.lines: list[str] = []
        self.passed: list[str] = []
        self.docs: list[str] = []
        params = self.function.params
        self.called = any(p.name == "call" for p in params)
        self.out = next((p.type for p in params if p.name == "out"), "")
        for param, following in zip(params, [*params[1:], None]):
            self.take(param, following)

    def take(self, param: Field, following: Field | None) -> None:
        if param.name in ("session", "call", "out", "error", "len"):
            return
        if param.name == "in":
            self.take_struct()
            return
        named = choice(param, self.headers)
        default = self.command.defaults.get(param.name)
        kind, convert = {
            "aft_id": ("int", "{0}"),
            "int64_t": ("int", "{0}"),
            "int32_t": ("bool", "{0}"),
            "uint32_t": (named.name if named else "int", "{0}"),
            "aft_time": ("datetime", "{0}"),
            "const char *": ("str", "{0}"),
            "const aft_policy *": ("Policy", "{0}"),
            "aft_policy *": ("Policy", "{0}"),
        }[param.type]
        name = param.name
        if named:
            self.passed.append(f'chosen("{name}", {name}, {named.table})')
        elif param.type == "int32_t":
            self.passed.append(f'flag_of("{name}", {name})')
        elif param.type == "aft_id":
            self.passed.append(f'id_of("{name}", {name})')
        elif param.type == "const char *" and following is not None and following.name == "len":
            self.passed += [f'bytes_of("{name}", {name})', "NTS"]
        elif param.type == "const char *":
            self.passed.append(f'text_of("{name}", {name})')
        elif param.type == "aft_time":
            self.passed.append(f'ms_of("{name}", {name})')
        elif param.type.endswith("aft_policy *"):
            self.passed.append(f'policy_of("{name}", {name}{", may=True" if default == "None" else ""})')
        else:
            self.passed.append(f'number_of("{name}", {name})')
        if default is None:
            self.required.append(f"{name}: {kind}")
        else:
            self.optional.append(f"{name}: {kind}{' | None' if default == 'None' else ''} = {default}")
        self.docs += filter(None, [said_of(name, param.doc, named)])

    def take_struct(self) -> None:
        struct = struct_of(self.function)
        assert struct
        args = arguments(struct, self.headers)
        self.required += [parameter(a) for a in args if a.required]
        places = [a for a in args if not a.required and a.name in self.command.first]
        rest = [a for a in args if not a.required and a.name not in self.command.first]
        self.optional += [parameter(a) for a in places] + ["*"] * bool(rest) + [parameter(a) for a in rest]
        self.lines.append(f'        frame = Frame("{struct}")')
        self.lines += fills(args, "", 8)
        if struct == "aft_order_facts_in":
            self.lines.append("        frame.one_currency(currency)")
        self.passed.append("frame")
        said = described(args)
        if said:
            self.docs.append(said)

    def text(self) -> str:
        call, kind = RESULTS[self.out]
        if not self.out and "AFT_IGNORED" in self.function.slots.get("Returns", ""):
            call, kind = "_done", "bool"
            self.docs.append("Returns whether something changed.")
        if self.command.json:
            call, kind = "_json", "Any"
        kind = kind.format(self.command.gives)
        heads = self.required + self.optional
        tails = []
        if self.called:
            keyed = not self.command.reads
            stars = [] if "*" in heads else ["*"]
            tails = stars + ["key: str | None = None"] * keyed + ["deadline: timedelta | None = None"]
        doc = "\n\n".join([self.function.doc, "\n".join(self.docs)]).strip()
        given = ", ".join(["self", *heads, *tails])
        out = [f"    def {self.command.name}({given}) -> {kind}:", docstring(doc, 8), *self.lines]
        end = [f"lib.{self.command.function}", f"[{', '.join(self.passed)}]"]
        end += [self.command.gives] if self.command.gives else []
        if self.called:
            end += (["key"] if not self.command.reads else ["None"]) + ["deadline"]
        lead = "" if call == "_nothing" else "return "
        return "\n".join([*out, f"        {lead}self.{call}({', '.join(end)})", ""])


def commands_module(headers: Headers) -> str:
    methods = [Method(command, headers) for command in COMMANDS]
    kinds = sorted({c.gives for c in COMMANDS if c.gives})
    inputs = sorted({n for c in all_choices(headers) for n in (c.name, c.table)} | set(INPUTS.values()))
    out = [HEAD.format(doc="The commands of the library, one method each.")]
    out.append("from collections.abc import Mapping, Sequence\nfrom datetime import datetime, timedelta\nfrom typing import Any\n")
    out.append("from ._call import NTS, Commands, bytes_of, chosen, flag_of, id_of, number_of, policy_of, text_of")
    out.append("from ._ffi import lib\nfrom ._frame import Answer, Frame\nfrom .cursor import Cursor")
    out.append(f"from .inputs import {', '.join(inputs)}\nfrom .policy import Policy")
    out.append(f"from .records import {', '.join(kinds)}\nfrom .values import Money, ms_of\n\n")
    for name, called, doc in (
        ("DeskCommands", True, "Commands on behalf of somebody."),
        ("SessionCommands", False, "What workers do, on behalf of nobody."),
    ):
        out.append(f'class {name}(Commands):\n    """{doc}"""\n')
        out += [m.text() for m in methods if m.called == called]
        out.append("")
    return "\n".join(out)


# ---- errors ----


def error_name(status: str) -> str:
    return ERROR_NAMES.get(status) or camel(status.removeprefix("AFT_E_"))


def errors_module(statuses: list[tuple[str, int, bool, str]]) -> str:
    failures = [s for s in statuses if s[1] < 0]
    out = [HEAD.format(doc="One class for each status that is an error.")]
    out.append("from ._error import Error as Error\n")
    for status, number, transient, phrase in failures:
        again = " The same call may succeed when it runs again." if transient else ""
        out.append(f'\nclass {error_name(status)}(Error):\n    """{status}: {phrase}.{again}"""\n\n    CODE = {number}\n')
    out.append("\nBY_CODE: dict[int, type[Error]] = {\n    kind.CODE: kind\n    for kind in (")
    out += [f"        {error_name(s[0])}," for s in failures]
    names = ", ".join(f'"{error_name(s[0])}"' for s in failures)
    return "\n".join([*out, "    )\n}", f"__all__ = [{names}]", ""])


# ---- records ----

TYPES = {"ID": "int", "INT": "int", "FLAG": "bool", "TIME": "datetime", "TEXT": "str", "BLOB": "bytes"}


def record_class(number: int, lower: str, rows: list[Any]) -> list[str]:
    name = camel(lower)
    out = [f"\nclass {name}(Record):", f'    """A record of kind {lower}."""\n', f"    KIND = {number}"]
    names = {row[2] for row in rows}
    fields, properties = [], []
    for _, _, field, kind, personal, doc, need in rows:
        python, get = TYPES[kind], f"_{kind.lower()}"
        if "minor units" in doc and "currency" in names:
            python, get = "Money", "_money"
        absent = "" if need == "NEED" else " | None"
        fields.append(f'        "{field}": ("{get}", {personal == "PERSONAL"}),')
        properties += [f"    @property\n    def {python_name(field)}(self) -> {python}{absent}:", docstring(doc, 8)]
        getter = f'self.{get}("{field}")'
        properties.append(f"        value: {python}{absent} = {getter}\n        return value\n")
    return [*out, "    FIELDS: ClassVar[dict[str, tuple[str, bool]]] = {", *fields, "    }\n", *properties]


def records_module(kinds: list[Any]) -> str:
    out = [HEAD.format(doc="The classes of records, with a property for each field.")]
    out.append("from datetime import datetime\nfrom typing import ClassVar\n\nfrom .record import Record\nfrom .values import Money\n")
    for number, _, lower, _, rows in kinds:
        out += record_class(number, lower, rows)
    names = ", ".join(f'"{camel(kind[2])}"' for kind in kinds)
    return "\n".join([*out, f"\n__all__ = [{names}]", ""])
