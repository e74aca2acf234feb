"""Random commands against a plain model of the desk: who has written, what is assigned, what was answered."""
from __future__ import annotations

import os
import pathlib
import tempfile
from typing import Any

import pytest
from conftest import Shop
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

import aftersales as a


SAID = ["付款失败了", "where is my parcel", "?"]


class DeskModel(RuleBasedStateMachine):
    tickets = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.shop = Shop(pathlib.Path(self.folder.name))
        self.messages: dict[int, list[str]] = {}
        self.assignee: dict[int, int | None] = {}
        self.external: dict[str, int] = {}
        self.closed: set[int] = set()

    def teardown(self) -> None:
        self.shop.session.close()
        self.shop.store.close()
        self.folder.cleanup()

    @rule(target=tickets, external=st.sampled_from("abcdefgh"), text=st.sampled_from(SAID))
    def a_new_customer_writes(self, external: str, text: str) -> Any:
        found = self.shop.desk.intake(self.shop.shop, "web", external=external, handle=f"h-{external}", text=text)
        if external in self.external:  # delivered before: nothing changes, whatever else is said
            assert found.replayed and found.ticket == self.external[external]
            return multiple()
        self.external[external] = found.ticket
        self.messages[found.ticket] = [text]
        self.assignee[found.ticket] = None
        return found.ticket

    @rule(ticket=tickets)
    def assign(self, ticket: int) -> None:
        if ticket in self.closed:
            with pytest.raises(a.Transition):
                self.shop.amy.act(ticket, "assign", agent=self.shop.agent)
            return
        found = self.shop.amy.act(ticket, "assign", agent=self.shop.agent)
        self.assignee[ticket] = found.assignee
        assert found.assignee == self.shop.agent

    @rule(ticket=tickets, text=st.sampled_from(["好的", "on it"]), private=st.booleans())
    def answer(self, ticket: int, text: str, private: bool) -> None:
        visibility: Any = "private" if private else "public"
        try:
            self.shop.amy.answer(ticket, text, visibility=visibility)
        except a.Transition:
            assert ticket in self.closed and not private
            return
        self.messages[ticket].append(text)

    @rule(ticket=tickets)
    def close(self, ticket: int) -> None:
        try:
            self.shop.amy.act(ticket, "spam")
        except a.Transition:
            return
        self.closed.add(ticket)

    @rule(ticket=tickets)
    def a_stranger_tries(self, ticket: int) -> None:
        with pytest.raises(a.Denied):
            self.shop.session.as_agent(self.shop.tenant, self.shop.stranger).answer(ticket, "x")

    @rule(ticket=tickets)
    def an_old_revision_is_refused(self, ticket: int) -> None:
        rev = self.shop.desk.ticket(ticket).rev
        with pytest.raises((a.Conflict, a.Transition)):
            self.shop.amy.act(ticket, "assign", rev=rev + 1, agent=self.shop.agent)

    @invariant()
    def the_store_says_the_same(self) -> None:
        for ticket, texts in self.messages.items():
            assert [m.text for m in self.shop.desk.messages(ticket)] == texts
        assert self.shop.count("ticket") == len(self.messages)
        rows = self.shop.store.query("SELECT id, assignee FROM aft_ticket")
        found = {row["id"]: row["assignee"] for row in rows}
        assert {t: found[t] for t in self.assignee if t not in self.closed} == {
            t: who for t, who in self.assignee.items() if t not in self.closed
        }


EXAMPLES = 300 if os.environ.get("AFT_SLOW") else 15
DeskModel.TestCase.settings = settings(max_examples=EXAMPLES, stateful_step_count=15, deadline=None)
test_random_commands = DeskModel.TestCase
