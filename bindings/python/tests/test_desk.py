"""What the desk does, through Python."""
from __future__ import annotations

import json
from datetime import timedelta

import pytest
from conftest import START, Shop

import aftersales as a


def test_a_message_becomes_a_ticket(shop: Shop) -> None:
    message = shop.say("付款失败了，钱扣了两次，订单还是未支付！")
    ticket = shop.desk.ticket(message.ticket)
    assert (message.disposition, message.inbound, message.sent) == ("opened", True, START)
    assert (ticket.category, ticket.priority, ticket.customer) == ("payment", "urgent", shop.buyer)
    assert ticket.first_response_due == START + timedelta(minutes=15)
    assert ticket.assignee is None
    assert "支付失败" in shop.amy.explain(ticket.id, "priority", "zh")
    assert shop.amy.find(ticket.code.lower().replace("-", " ")) == ticket


def test_once_by_external_id_and_once_by_key(shop: Shop) -> None:
    first = shop.say(external="x")
    again = shop.say(external="x")
    assert (first.id, first.replayed, again.id, again.replayed) == (first.id, False, first.id, True)
    answer = shop.amy.answer(first.ticket, "马上查。", key="k")
    assert shop.amy.answer(first.ticket, "马上查。", key="k").id == answer.id
    with pytest.raises(a.KeyReused):
        shop.amy.answer(first.ticket, "别的话", key="k")
    assert shop.count("message") == 2


def test_acts_check_state_role_and_revision(shop: Shop) -> None:
    ticket = shop.desk.ticket(shop.say().ticket)
    with pytest.raises(a.Denied) as denied:
        shop.session.as_agent(shop.tenant, shop.stranger).ticket(ticket.id)
    assert denied.value.where
    taken = shop.amy.act(ticket.id, "assign", rev=ticket.rev, agent=shop.agent)
    assert (taken.state, taken.assignee, taken.ignored) == ("assigned", shop.agent, False)
    with pytest.raises(a.Conflict) as conflict:
        shop.amy.act(ticket.id, "close", rev=ticket.rev)
    assert conflict.value.transient and not denied.value.transient
    with pytest.raises(a.Transition):
        shop.amy.act(ticket.id, "reopen")
    assert [(r.verb, r.actor) for r in shop.desk.refusals()] == [("ticket.get", shop.stranger)]


def test_what_has_no_effect_is_ignored(shop: Shop) -> None:
    message = shop.say()
    assert not shop.desk.revise(message=message.id, recalled=True).ignored
    assert shop.desk.revise(message=message.id, recalled=True).ignored


def test_lists_go_on_from_a_token(shop: Shop) -> None:
    tickets = {shop.say(customer=None, handle=f"h{i}").ticket for i in range(5)}
    with shop.amy.inbox(shop=shop.shop) as cursor:
        seen = [next(cursor).id, next(cursor).id]
        token = cursor.token()
    seen += [t.id for t in shop.amy.inbox(shop=shop.shop, token=token)]
    assert len(seen) == 5 and set(seen) == tickets
    with pytest.raises(a.Invalid):
        shop.amy.inbox(token="nonsense")


def test_messages_parts_and_revisions(shop: Shop) -> None:
    photo = a.PartIn("image", blob="blob-1", name="票.jpg", mime="image/jpeg", bytes=2048)
    message = shop.say("看图", parts=[photo])
    part = next(shop.amy.parts(message.id))
    assert (part.kind, part.name, part.bytes, part.blob) == ("image", "票.jpg", 2048, "blob-1")
    changed = shop.desk.revise(message=message.id, text="看这张图")
    assert (changed.text, changed.version) == ("看这张图", 2)
    assert [r.text for r in shop.amy.revisions(message.id)] == ["看图"]
    note = shop.amy.answer(message.ticket, "内部：转物流", visibility="private")
    assert [m.id for m in shop.amy.messages(message.ticket)] == [message.id, note.id]
    assert [m.id for m in shop.ann.messages(message.ticket)] == [message.id]


def test_time_the_outbox_and_the_feed(shop: Shop) -> None:
    ticket = shop.say().ticket
    shop.amy.answer(ticket, "查到了，明天到。")
    shop.clock.go(days=30)
    report = shop.session.tick(rows=500, time=timedelta(seconds=5))
    assert report.fired > 0 and report.sequenced > 0
    effects = list(shop.session.claim(lease=timedelta(minutes=1), most=10))
    assert effects and json.loads(effects[0].payload or "")
    shop.session.settle(effects[0].id, effects[0].fence, "done")
    with pytest.raises(a.LeaseLost):
        shop.session.settle(effects[0].id, effects[0].fence + 1, "retry", "busy")
    states = [e.state for e in shop.desk.outbox(ticket)]
    assert states[0] == 3
    feed = [e.feed for e in shop.desk.feed()]
    assert feed == list(range(1, len(feed) + 1))
    assert [e.feed for e in shop.desk.feed(after=feed[-2])] == feed[-1:]
    assert "ticket.answer" in [e.verb for e in shop.amy.history(ticket)]
    assert shop.session.health()["due_parked"] == 0


def test_a_batch_tells_of_each(shop: Shop) -> None:
    batch = [
        a.MessageIn(shop.shop, "web", external="b1", handle="h1", text="退款什么时候到？"),
        a.MessageIn(shop.shop, "web", external="b2", handle="h1"),
        a.MessageIn(shop.shop, "web", external="b1", handle="h1", text="退款什么时候到？"),
    ]
    results = shop.desk.intake_batch(batch)
    assert [bool(r.error) for r in results] == [False, True, False]
    assert results[2].replayed and results[2].message == results[0].message
    assert isinstance(results[1].error, a.Invalid) and results[1].ticket == 0


def test_money_and_times_of_an_order(shop: Shop) -> None:
    order = shop.desk.put_order(shop.shop, shop.buyer, "A1", total=a.Money("1299.5", "CNY"), placed=START, status="paid")
    assert (order.total, order.placed, order.status) == (a.Money("1299.50", "CNY"), START, "paid")
    again = shop.desk.put_order(shop.shop, shop.buyer, "A1", status="shipped")
    assert (again.id, again.total) == (order.id, order.total)
    bare = shop.desk.put_order(shop.shop, shop.buyer, "A2")
    assert bare.total is None and bare.placed is None


def test_people(shop: Shop) -> None:
    other = shop.desk.put_customer(name="Bo", phone="13800138000", tier="vip")
    ticket = shop.say().ticket
    shop.desk.invite(ticket, other.id)
    assert shop.session.as_buyer(shop.tenant, other.id).ticket(ticket).id == ticket
    assert shop.ann.put_customer(id=shop.buyer, name="Ann").name == "Ann"
    assert shop.ann.customer(shop.buyer).name == "Ann"
    assert shop.session.as_arbiter(shop.tenant).ticket(ticket).id == ticket
    shop.desk.put_agent("amy", left=True)
    with pytest.raises(a.Denied):
        shop.amy.ticket(ticket)
    assert [r.id for r in shop.desk.refusals()]


def test_a_new_policy_works_at_once(shop: Shop) -> None:
    before = shop.desk.current_policy()
    policy = a.Policy({"shop.yaml": "texts:\n  zh:\n    category.logistics: 快递\n"}, env=shop.env)
    shop.desk.activate_policy(policy)
    now = shop.desk.current_policy()
    assert now.hash == policy.hash != before.hash
    assert now.text("category.logistics", "zh") == "快递"


def test_a_deadline_of_the_past_is_refused(shop: Shop) -> None:
    with pytest.raises(ValueError, match="deadline"):
        shop.amy.ticket(1, deadline=timedelta(0))
    assert shop.amy.ticket(shop.say().ticket, deadline=timedelta(seconds=20))


def test_a_store_that_is_not_there(shop: Shop) -> None:
    with pytest.raises(a.NotFound) as missing:
        a.Store(shop.path.with_name("none.db"))
    assert missing.value.where == "none.db"
    with a.Store(shop.path, read_only=True) as reader, reader.session() as session:
        with pytest.raises(a.ReadOnly):
            session.as_system(shop.tenant).put_shop("other")
    with a.Store("memory:", create=True) as memory, memory.session() as session:
        assert session.as_system().put_tenant("t").id > 0


ATTRIBUTES = """
attributes:
  ticket:
    weight: {type: number, indexed: true}
    colour: {type: choice, choices: [red, blue], indexed: true}
"""


def test_attributes_tags_and_lists(shop: Shop) -> None:
    shop.desk.activate_policy(a.Policy({"shop.yaml": ATTRIBUTES}, env=shop.env))
    tickets = [shop.say(customer=None, handle=f"h{i}").ticket for i in range(4)]
    for i, ticket in enumerate(tickets):
        assert shop.amy.set_attribute("ticket", ticket, "weight", number=i)
        assert not shop.amy.set_attribute("ticket", ticket, "weight", number=i)
    assert shop.amy.set_attribute("ticket", tickets[0], "colour", "red")
    assert shop.amy.add_tag("ticket", tickets[1], "VIP")
    assert not shop.amy.add_tag("ticket", tickets[1], "vip")
    assert [(v.name, v.text or v.number) for v in shop.amy.attributes("ticket", tickets[0])] == [("colour", "red"), ("weight", 0)]
    assert [tag.tag for tag in shop.amy.tags("ticket", tickets[1])] == ["vip"]
    found = shop.amy.tickets(attribute="weight", least=1, most=2, by="attribute")
    assert [t.id for t in found] == tickets[1:3]
    assert [t.id for t in shop.amy.tickets(tag="vip", open="work", unassigned=True)] == tickets[1:2]
    assert [t.id for t in shop.amy.tickets(by="created")] == tickets[::-1]
    assert shop.amy.remove_tag("ticket", tickets[1], "vip") and not list(shop.amy.tickets(tag="vip"))
    assert len(list(shop.amy.customers(by="created", reverse=True))) == 5
    assert list(shop.amy.orders(status="paid")) == []
    with pytest.raises(a.Invalid):
        shop.amy.set_attribute("ticket", tickets[0], "colour", "green")


def test_search(shop: Shop) -> None:
    first = shop.say("屏幕碎了，要换屏").ticket
    shop.say("Where is my parcel?", customer=None, handle="h")
    assert [t.id for t in shop.amy.search("换屏")] == [first]
    assert [m.text for m in shop.amy.search_messages("parcel", open=True)] == ["Where is my parcel?"]
    assert not list(shop.amy.search("换屏", from_=START + timedelta(days=1)))
    with pytest.raises(TypeError, match="from_: expected an aware datetime"):
        shop.amy.search("x", from_=5)  # type: ignore[arg-type]


def test_a_backup_and_its_progress(shop: Shop) -> None:
    shop.say()
    copy = shop.path.with_name("copy.db")
    told: list[tuple[int, int]] = []
    shop.session.backup(copy, verify=True, step_pages=8, progress=lambda done, left: told.append((done, left)))
    assert told[-1][1] == 0 and copy.exists()
    with pytest.raises(a.Exists):
        shop.session.backup(copy)

    def fail(_done: int, _left: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(a.Error) as failed:
        shop.session.backup(copy, replace=True, step_pages=1, progress=fail)
    assert isinstance(failed.value.__cause__, RuntimeError)
    with pytest.raises(a.Error):
        shop.session.backup(shop.path.with_name("no.db"), step_pages=1, progress=lambda _done, _left: False)
    with a.Store(copy, restored=True, env=shop.env) as store, store.query("SELECT count(*) AS n FROM aft_ticket") as rows:
        assert next(rows)["n"] == 1
