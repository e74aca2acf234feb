"""Orders in full, cases about them, their evidence and the links that let a buyer in."""
from __future__ import annotations

import io
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from conftest import START, Shop
from hypothesis import given
from hypothesis import strategies as st

from aftersales import (
    Blobs,
    Case,
    CaseLine,
    CaseLineIn,
    Closed,
    Denied,
    Desk,
    Error,
    Ineligible,
    Invalid,
    Leg,
    LinkKeys,
    Money,
    OrderLineIn,
    OrderParcelIn,
    OrderPaymentIn,
    RedactSpanIn,
    Store,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 600


def tell(desk: Desk, shop: Shop, **more: Any) -> int:
    """An order of two cups and a pot, delivered yesterday."""
    told: dict[str, Any] = dict(
        placed=START - timedelta(days=5),
        status="paid",
        jurisdiction="cn",
        zone="Asia/Shanghai",
        lines=[
            OrderLineIn("cup", quantity=2, price=Money("200.00", "CNY"), category="kitchen"),
            {"ref": "pot", "quantity": 1, "price": 9999, "category": "kitchen"},
        ],
        payments=[OrderPaymentIn("pay-1", "card", captured=Money("299.99", "CNY"))],
        parcels=[
            OrderParcelIn(
                "p-1",
                shipped=START - timedelta(days=3),
                delivered=START - timedelta(days=1),
                items=[{"line": "cup", "quantity": 2}, {"line": "pot", "quantity": 1}],
            )
        ],
    )
    return desk.tell_order(shop.shop, shop.buyer, "O-1", "CNY", **{**told, **more}).id


@pytest.fixture
def cases(tmp_path: pathlib.Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    shop.session.close()
    shop.store.close()
    (tmp_path / "blobs").mkdir()
    shop.store = Store(shop.path, env=shop.env, blobs=tmp_path / "blobs")
    shop.session = shop.store.session()
    shop.desk = shop.session.as_system(shop.tenant)
    shop.ann = shop.session.as_buyer(shop.tenant, shop.buyer)
    shop.amy = shop.session.as_agent(shop.tenant, shop.agent)
    yield shop
    shop.session.close()
    shop.store.close()


def cup_of(shop: Shop, order: int) -> int:
    return next(line.id for line in shop.desk.lines(order) if line.ref == "cup")


def filed(shop: Shop, order: int) -> Case:
    return shop.ann.open_case(order, "return", "changed_mind", lines=[CaseLineIn(cup_of(shop, order), quantity=1)])


def test_a_return_goes_from_filing_to_the_money(cases: Shop) -> None:
    order = tell(cases.desk, cases)
    preview = cases.ann.preview_case(order, "return", "changed_mind", lines=[{"line": cup_of(cases, order), "quantity": 1}])
    assert preview["verdict"] == "yes"
    case = filed(cases, order)
    assert [line.quantity for line in cases.desk.parts_of_case(case.id, CaseLine)] == [1]
    assert isinstance(cases.ann.case_options(case.id), list) and isinstance(cases.ann.order_options(order), list)
    cases.ann.act_on_case(case.id, "ship", carrier="sf", waybill="SF200")
    for event in ("receive", "inspect", "accept_goods"):
        cases.amy.act_on_case(case.id, event)
    legs = [leg for leg in cases.desk.parts_of_case(case.id, Leg) if leg.state == "sent"]
    assert [leg.requested for leg in legs] == [Money("100.00", "CNY")]
    for leg in legs:
        cases.desk.settle_leg("confirmed", leg=leg.id, amount=leg.requested, reference="gw-1")
    assert isinstance(cases.ann.timeline(case.id, "zh"), dict)
    cases.desk.verify_case(case.id)


def test_a_rejected_case_can_be_disputed(cases: Shop) -> None:
    order = tell(cases.desk, cases)
    lines = [{"line": cup_of(cases, order), "quantity": 1}]
    case = cases.ann.open_case(order, "return", "not_as_described", lines=lines).id
    evidence = next(option for option in cases.ann.case_options(case) if option.get("add") == "evidence")
    assert evidence["asked"] and evidence["kinds"] == [{"kind": "photo", "label": "photo", "missing": True}]
    cases.amy.act_on_case(case, "reject")
    found = next(option for option in cases.ann.case_options(case) if option.get("file") == "dispute")
    dispute = cases.ann.open_case(order, found["file"], found["reason"], parent=int(found["parent"]))
    assert cases.desk.case(case).state == found["to"] == "disputed" and dispute.parent == case


def test_what_the_policy_refuses_names_its_place(cases: Shop) -> None:
    past = START - timedelta(days=60)
    parcel = {"ref": "p-1", "shipped": past, "delivered": past, "items": [{"line": "cup", "quantity": 2}]}
    order = tell(cases.desk, cases, placed=past, parcels=[parcel])
    with pytest.raises(Error) as refused:
        filed(cases, order)
    assert isinstance(refused.value, Ineligible) and refused.value.message


@pytest.mark.parametrize(
    "lines, words",
    [
        ([{"ref": "cup", "colour": "red"}], r"lines\[0\].colour: expected one of ref, "),
        ([{"quantity": 1}], r"lines\[0\].ref: expected a value, found none"),
        ([{"ref": "cup", "price": Money(1, "JPY")}], r"lines\[0\].price: expected CNY, .* found JPY"),
    ],
)
def test_a_wrong_dict_is_told_by_its_place(cases: Shop, lines: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        tell(cases.desk, cases, lines=lines)
    assert cases.count("order") == 0


def test_lines_that_are_no_dicts_are_refused(cases: Shop) -> None:
    with pytest.raises(TypeError, match=r"lines\[0\]: expected an OrderLineIn or a dict, found int"):
        tell(cases.desk, cases, lines=[3])


@given(key=st.text(min_size=1).filter(lambda k: k not in OrderLineIn.__dataclass_fields__))
def test_no_unknown_key_passes(key: str) -> None:
    from aftersales._frame import made_of

    with pytest.raises(ValueError):
        made_of("lines[0]", {"ref": "cup", key: 1}, OrderLineIn)


def test_evidence_streams_in_and_comes_back(cases: Shop, tmp_path: pathlib.Path) -> None:
    case = filed(cases, tell(cases.desk, cases)).id
    photo = tmp_path / "scratch.png"
    photo.write_bytes(PNG)
    kept = cases.ann.add_evidence(case, photo, kind="photo", key="e1")
    assert (kept.name, kept.bytes, cases.amy.read_evidence(kept.id)) == ("scratch.png", len(PNG), PNG)
    assert cases.ann.add_evidence(case, photo, kind="photo", key="e1").replayed
    other = cases.ann.add_evidence(case, io.BytesIO(PNG + b"2"), kind="photo", type="image/png")
    assert cases.amy.read_evidence(other.id) == PNG + b"2"
    assert cases.session.sweep_evidence() == 0


def test_contents_are_copied_and_come_back(cases: Shop, tmp_path: pathlib.Path) -> None:
    case = filed(cases, tell(cases.desk, cases)).id
    cases.ann.add_evidence(case, PNG, kind="photo", type="image/png")
    (tmp_path / "copy").mkdir()
    with Blobs(tmp_path / "copy", env=cases.env) as copy:
        assert cases.store.blobs is not None
        assert cases.store.blobs.copy_to(copy) == (1, 0, len(PNG))
        assert cases.store.blobs.copy_to(copy) == (0, 1, 0)


def test_evidence_that_fails_leaves_nothing(cases: Shop) -> None:
    case = filed(cases, tell(cases.desk, cases)).id

    class Broken(io.BytesIO):
        def read(self, n: int | None = -1, /) -> bytes:
            raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        cases.ann.add_evidence(case, Broken(), kind="photo", type="image/png")
    with pytest.raises(Error):
        cases.ann.add_evidence(case, b"no picture", kind="photo", type="image/png")
    with pytest.raises(TypeError, match="binary mode"):
        cases.ann.add_evidence(case, io.StringIO("text"), kind="photo", type="image/png")  # type: ignore[arg-type]
    assert list(cases.amy.evidence(case)) == []


def example(top: pathlib.Path, *words: object, keys: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", top / "bindings/python/examples/returns.py", *words]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        list(map(str, command)), input=keys, capture_output=True, text=True, encoding="utf-8", timeout=120, env=env
    )


BAD_ROW = "orders.csv, line 6, column placed: expected a date such as 2026-11-18, found '2026-13-40'"


@pytest.mark.parametrize(
    "lang, words", [("en", "Your money has been refunded."), ("zh", "七日无理由退货”已于"), ("", "Goods and money agree.")]
)
def test_the_example_of_returns(top: pathlib.Path, lang: str, words: str) -> None:
    done = example(top, *(["--lang", lang] if lang else []))
    assert done.returncode == 0 and words in done.stdout, done.stderr
    assert done.stderr.splitlines() == [BAD_ROW]


def test_the_example_has_the_scenes_of_the_program_in_c(top: pathlib.Path) -> None:
    said = example(top).stdout
    kinds = dict(re.findall(r"^(A-\d+)  R-\S+  ([a-z ]+): \S", said, re.M)[::-1])
    assert [kinds[f"A-10{n:02}"] for n in range(7, 20)] == [
        "return", "return", "return", "return", "return", "reshipment", "price adjustment", "return", "dispute", "return",
        "withdrawal", "repair", "exchange",
    ]
    for words in ("CN¥96.67", "insurer   store credit", "debt        buyer", "The verdict is for the buyer", "€94.90"):
        assert words in said, words


def test_the_cheats_of_the_example_are_refused(top: pathlib.Path) -> None:
    part = example(top).stdout.partition("tries to cheat")[2].partition("The ledger")[0]
    answers = [line.split(":")[0].strip() for line in part.splitlines() if line.startswith("      ")]
    assert answers == ["Ignored"] + ["Refused"] * 5, part


def test_the_ledger_of_the_example_sums_to_zero(top: pathlib.Path) -> None:
    def minor(cell: str) -> int:
        return int(re.sub(r"\D", "", cell)) * (-1 if cell.startswith("-") else 1)

    total, sums = [0, 0, 0], 0
    for line in example(top).stdout.partition("The ledger")[2].splitlines():
        cells = [minor(cell) for cell in re.findall(r"-?(?:CN¥|€)[\d,]+\.\d\d", line)]
        if len(cells) == 3 and line.startswith("sum"):
            assert cells == total and cells[2] == 0 < cells[0]
            total, sums = [0, 0, 0], sums + 1
        elif len(cells) == 3:
            total = [a + b for a, b in zip(total, cells)]
    assert sums == 2


@pytest.mark.parametrize(
    "cells, words",
    [
        ({"extras": "colour=red"}, "column extras: expected words such as discount=40.00"),
        ({"extras": "insured=yes"}, "column extras: expected words such as discount=40.00"),
        ({"scene": "magic"}, "column scene: expected how it is played: usual, parts"),
    ],
)
def test_the_example_names_what_a_row_cannot_say(
    top: pathlib.Path, tmp_path: pathlib.Path, cells: dict[str, str], words: str
) -> None:
    row = {"order": "B-1", "placed": "2026-11-20", "delivered": "2026-11-24", "sku": "cup", "quantity": "1",
           "price": "9.00", "currency": "CNY", "kind": "return", "reason": "changed_mind", "units": "1",
           "outcome": "refunded", **cells}
    (tmp_path / "orders.csv").write_text("\n".join(",".join(part) for part in (row, row.values())), encoding="utf-8")
    done = example(top, "--csv", tmp_path / "orders.csv")
    assert f"orders.csv, line 2, {words}" in done.stderr


def test_the_example_fails_where_a_refusal_is_missing(top: pathlib.Path, tmp_path: pathlib.Path) -> None:
    sample = (top / "bindings/python/examples/orders.csv").read_text(encoding="utf-8")
    (tmp_path / "orders.csv").write_text(sample.replace("1,refunded", "1,refused", 1), encoding="utf-8")
    done = example(top, "--csv", tmp_path / "orders.csv")
    assert done.returncode == 1 and "A-1001: expected refused, found refunded" in done.stderr
    assert "Something is not as it must be" in done.stdout


def test_a_case_of_the_example_is_stepped_through(top: pathlib.Path) -> None:
    def pick(said: str, label: str) -> str:
        found = re.findall(rf"^ +(\d+)  {label}$", said.rpartition("\n> ")[0].rpartition("→")[2], re.M)
        assert found, (label, said)
        return f"{found[0]}\n"

    keys = "nonsense\n99\n"
    for label in ("shop +Turn down", "buyer +Open a dispute.*", "shop +Give in", "buyer +I have sent it",
                  "warehouse +Received", "warehouse +.*in good order", "shop +Accept the goods"):
        keys += pick(example(top, "--play", keys=keys).stdout, label)
    done = example(top, "--play", keys=keys)
    assert done.returncode == 0 and not done.stderr and done.stdout.count("expected 1 to") == 2
    assert "Your money has been refunded." in done.stdout


def test_what_is_known_of_a_person(cases: Shop) -> None:
    order = tell(cases.desk, cases)
    piece = filed(cases, order).id
    records = cases.desk.export_person(cases.buyer)
    assert records[0]["kind"] == "customer" and records[0]["record"]["id"] == str(cases.buyer)
    assert [r["record"]["id"] for r in records if r["kind"] == "case"] == [str(piece)]
    with pytest.raises(Denied):
        cases.session.as_buyer(cases.tenant, cases.buyer).export_person(cases.buyer)


def test_who_asks_to_be_forgotten_waits_for_their_open_case(cases: Shop) -> None:
    order = tell(cases.desk, cases)
    piece = filed(cases, order).id
    cases.desk.erase_person(cases.buyer, "request 7")
    cases.session.tick()
    erasure = cases.desk.erasures(cases.buyer).__next__()
    assert erasure.state == "waiting" and f'"record":"{piece}","why":"open_case"' in (erasure.kept or "")
    cases.desk.act_on_case(piece, "cancel")
    assert cases.desk.erase_person(cases.buyer).id == erasure.id
    cases.session.tick()
    assert [e.state for e in cases.desk.erasures()] == ["done"]
    with pytest.raises(Denied):
        cases.session.as_buyer(cases.tenant, cases.buyer).case(piece)


def test_words_are_taken_out_of_a_message_for_good(cases: Shop) -> None:
    message = cases.say("我的密码是 hunter2，电话 13800138000")
    redacted = cases.desk.redact_message(message.id, "hunter2", phone=True, reason="a password")
    assert redacted.text == "我的密码是 ███，电话 ███" and redacted.version == 2
    spans = [RedactSpanIn(begin=0, end=3)]
    assert cases.desk.redact_message(message.id, spans=spans, version=2).text == "███的密码是 ███，电话 ███"
    with pytest.raises(Invalid):
        cases.desk.redact_message(message.id, spans=[RedactSpanIn(begin=1, end=3)], version=3)


def test_a_link_lets_its_buyer_in_and_nobody_else(cases: Shop) -> None:
    order = tell(cases.desk, cases)
    keys = LinkKeys({"2026-11": bytes(range(32))}, env=cases.env)
    made = cases.desk.make_link(keys, cases.buyer, order=order, lifetime=timedelta(hours=1))
    opened = cases.session.open_link(cases.tenant, keys, made.token)
    assert (opened.order, opened.case, opened.desk.actor) == (order, None, cases.buyer)
    assert opened.desk.order(order).id == order
    with pytest.raises(Denied):
        cases.session.open_link(cases.tenant, LinkKeys({"2026-11": bytes(32)}, env=cases.env), made.token)
    cases.desk.revoke_link(made.link.id)
    with pytest.raises(Denied):
        cases.session.open_link(cases.tenant, keys, made.token)
    with pytest.raises(Denied):  # nor does who was let in before go on
        opened.desk.order(order)
    piece = filed(cases, order).id
    token = cases.desk.make_link(keys, cases.buyer, case=piece, lifetime=timedelta(hours=1)).token
    assert cases.session.open_link(cases.tenant, keys, token).case == piece
    keys.close()
    with pytest.raises(Closed):
        cases.session.open_link(cases.tenant, keys, made.token)
