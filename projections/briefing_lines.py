"""The eight lines of the ten-second card, each from a company's dossier."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from projections.briefing_words import NOT_KNOWN, Line, line, long, moment_of
from projections.dossier.view import (
    by_urgency,
    entitled,
    name_of,
    next_renewal,
    promise_of_note,
    ties_at,
    worth_at,
)
from projections.phrases import contact, day, listed, money, plain, said, staff, when, words

WITH: Final = {"us": "with us", "customer": "with the customer", "vendor": "with the vendor"}

TRIED: Final = 6
"""Steps of the burning ticket that a card names, the last ones."""

STEP: Final = 44
"""Letters of each."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a card is made of.

    Attributes:
        now: The instant as of which it is.
        caller: Who calls, as the directory says.
    """

    document: Mapping[str, Any]
    now: datetime
    caller: Mapping[str, Any] | None = None

    @property
    def company(self) -> Mapping[str, Any]:
        """The company's record."""
        record: Mapping[str, Any] = self.document["company"]
        return record

    @property
    def burning(self) -> Mapping[str, Any] | None:
        """The open ticket that comes first."""
        return next(iter(by_urgency(self.document)), None)


def who(asked: Asked) -> Line:
    """Say who it is: the caller, if one is known, and the company."""
    profile, caller = asked.company["profile"], asked.caller
    alone = profile["contact_id"] if profile else None  # a company that is one person
    named = plain(name_of(asked.document) or "") or contact(alone) or NOT_KNOWN
    events = [profile["event_id"] if profile else None]
    if caller is None or not caller.get("contact_id"):
        tier = profile and profile["tier"]
        people = sum(1 for tie in ties_at(asked.document, asked.now).values() if tie)
        confidence = f"by {caller['confidence']}: the person is {NOT_KNOWN}" if caller else None
        return line("who", [
            named, plain(tier) if tier else f"tier {NOT_KNOWN}",
            f"{people:,} {'person' if people == 1 else 'people'} on file", confidence,
        ], events)  # fmt: skip
    known_as = caller.get("known_as", caller["contact_id"])
    tie = ties_at(asked.document, asked.now).get(known_as) or {}
    sure = None if caller["confidence"] == "exact" else f"match: {caller['confidence']}"
    role = plain(tie["title"]) if tie.get("title") else words(tie.get("role") or "")
    return line("who", [
        contact(caller["contact_id"]), role or f"role {NOT_KNOWN}",
        "VIP" if tie.get("vip") else None, named, sure,
    ], [tie.get("event_id"), *events])  # fmt: skip


def worth(asked: Asked) -> Line:
    """Say what it is worth, until when, and what it has a right to."""
    now, stated = asked.now, worth_at(asked.document, asked.now)
    renewal, right = next_renewal(asked.document, now), entitled(asked.document, now)
    licences = asked.company["licences"].values()
    seats = sum(known["seats"] for known in licences) if licences else None
    arr = stated and stated["arr"]
    return line("worth", [
        f"{money(Decimal(arr), stated['currency'])} ARR" if stated and arr else
        f"ARR {NOT_KNOWN}",
        _renews(renewal, now) if renewal else f"renewal {NOT_KNOWN}",
        _right(right, now) if right else f"right to support {NOT_KNOWN}",
        f"seats {NOT_KNOWN}" if seats is None else f"{seats:,} seats",
    ], [
        *(known["event_id"] for known in (stated, renewal, right) if known),
        *(known["history"][-1]["event_id"] for known in licences),
    ])  # fmt: skip


def burning(asked: Asked) -> Line:
    """Name the open ticket that comes first, and how it stands."""
    held = asked.burning
    if held is None:
        return Line("burning", "no open ticket")
    state, now = held["state"], asked.now
    what = plain(state["subject"] or state["category"] or f"subject {NOT_KNOWN}")
    title = f"{plain(state['number'] or state['ticket_id'])} {what}"
    others = len(asked.document["open_tickets"]) - 1
    return line("burning", [
        title,
        f"Sev {state['severity']}" if state["severity"] else f"severity {NOT_KNOWN}",
        f"open {long(state['opened_at'], now)}" if state["opened_at"] else f"opened {NOT_KNOWN}",
        _turn(held["turn"], now),
        _owner(state, now),
        f"{others:,} more open" if others else None,
    ], [held["evidence"].get(name) for name in ("opened", "classified", "turned", "assigned")] + [
        held["turn"]["event_id"]
    ])  # fmt: skip


def promised(asked: Asked) -> Line:
    """Say what became of the last promise, or which is due next."""
    found = promise_of_note(asked.document, asked.now)
    if found is None:
        return Line("promise", "no promise on file")
    promise, now = found, asked.now
    made = promise["by"] or ""
    by = staff(made.split("/", 1)[1], " by ") if made.startswith("agent/") else ""
    text = f"{said(promise['what']) or promise['id']}{by}{contact(promise['to'], ' to ')}"
    return line("promise", [f"{text} — {_fate(promise, now)}"], promise["event_ids"])


def last_contact(asked: Asked) -> Line:
    """Say when we last spoke, on what channel, who with whom, and of what."""
    known = asked.company["last_contact"]
    if known is None:
        return Line("last_contact", f"last contact {NOT_KNOWN}")
    sides = [
        listed((staff(who) for who in known["staff"]), most=2),
        listed((contact(who) for who in known["contacts"]), most=2),
    ]
    if known["direction"] == "inbound":
        sides.reverse()
    between = " → ".join(side for side in sides if side)
    again = next((q for q in asked.company["asked"]["last"] if q["at"] >= known["at"]), None)
    repeated = f" (asked for {words(again['fact_key'])}, which was on file)" if again else ""
    text = f"{when(moment_of(known['at']), asked.now)} {words(known['kind'])}"
    text = f"{text}, {between}" if between else text
    return line("last_contact", [
        f"{text}{said(known['text'], ': ')}{repeated}",
    ], [known["event_id"], *((again["event_id"], again["known_by"]) if again else ())])  # fmt: skip


def distress(asked: Asked) -> Line:
    """Say how it fares: nothing tells that yet."""
    return Line("distress", f"distress {NOT_KNOWN}")


def recurring(asked: Asked) -> Line:
    """Say who else has what burns, as far as open tickets tell; how often it came, nothing does."""
    held = asked.burning
    if held is None:
        return Line("recurring", f"recurrence {NOT_KNOWN}")
    joined = {who: told for who, told in _joined(held) if who in held["state"]["reporters"]}
    beside, where = _beside(asked, held)
    return line("recurring", [
        f"{_many(len(joined), 'more person', 'more people')} joined it" if joined else None,
        f"{_many(len(beside), 'other open ticket')} on {where}{_by(beside, held)}" if beside else
        f"no other open ticket on {where}" if where else None,
        f"recurrence {NOT_KNOWN}",
    ], [
        *joined.values(),
        *(each["evidence"].get("opened") for each in beside),
        held["evidence"].get("opened") if where else None,
    ])  # fmt: skip


def _by(beside: Sequence[Mapping[str, Any]], held: Mapping[str, Any]) -> str:
    """Say how many people have other tickets, beside who has this one."""
    everybody = {who for each in beside for who in _people_of(each)}
    others = everybody - {held["state"]["requester_id"]}
    if others:
        return f", by {_many(len(others), 'other person', 'other people')}"
    return ", by the same person" if everybody else ""


def _joined(held: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield who joined a ticket beside its requester, each with the event that tells it."""
    for name, event_id in held["evidence"].items():
        what, _, person = name.partition("/")
        if what == "joined" and person != held["state"]["requester_id"]:
            yield person, event_id


def _beside(asked: Asked, held: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], str]:
    """List the other open tickets on the same installations, or else product, and name these."""
    others = [each for each in by_urgency(asked.document) if each is not held]
    mine, product = held["state"]["installation_ids"], held["state"]["product_id"]
    if mine:
        return [each for each in others if {*mine} & {*each["state"]["installation_ids"]}], listed(
            map(plain, mine), most=2
        )
    same = [each for each in others if product and each["state"]["product_id"] == product]
    return same, plain(product or "")


def _people_of(held: Mapping[str, Any]) -> set[str]:
    return {*held["state"]["reporters"], held["state"]["requester_id"]} - {None}


def _many(count: int, one: str, more: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"


def tried(asked: Asked) -> Line:
    """List the steps that were taken on the burning ticket, and what came of them."""
    held = asked.burning
    steps = held["state"]["steps"][-TRIED:] if held else []
    if not steps:
        return Line("tried", "nothing tried is on file")
    told = [
        f"{plain(step['what'] or step['id'], STEP)} ({words(step['outcome'])})" for step in steps
    ]
    return line("tried", [f"tried: {', '.join(told)}"], [step["event_id"] for step in steps])


def _renews(renewal: Mapping[str, Any], now: datetime) -> str:
    days = (date.fromisoformat(renewal["renews_on"]) - now.date()).days
    if days < 0:
        return f"renewal was due {-days:,} days ago"
    return "renews today" if days == 0 else f"renews in {days:,} {'day' if days == 1 else 'days'}"


def _right(right: Mapping[str, Any], now: datetime) -> str:
    until = right["valid_to"]
    ends = f" until {day(date.fromisoformat(until), now)}" if until else ""
    return f"{plain(right['level'])}{ends}"


def _turn(turn: Mapping[str, Any], now: datetime) -> str:
    if turn["of"] not in WITH:
        return f"whose turn: {NOT_KNOWN}"
    return f"{WITH[turn['of']]} for {long(turn['since'], now)}"


def _owner(state: Mapping[str, Any], now: datetime) -> str:
    agent, team = state["assignee"]["agent"], state["assignee"]["team"]
    owner = staff(agent) or plain(team or "") or "nobody"
    pending = [
        f"{plain(asked['department'] or 'a department')} consult pending "
        f"{long(asked['asked_at'], now)}"
        for asked in state["consultations"]
        if asked["state"] in ("asked", "accepted")
    ]
    return f"owner {owner}{f' ({listed(pending, most=2)})' if pending else ''}"


def _fate(promise: Mapping[str, Any], now: datetime) -> str:
    due = promise["due_at"]
    if promise["state"] == "open":
        if due is None:
            return "open, due date not known"
        if moment_of(due) < now:
            return f"BROKEN {long(due, now)} ago (due {when(moment_of(due), now)})"
        return f"due {when(moment_of(due), now)}"
    ended = f" {long(promise['ended_at'], now)} ago" if promise.get("ended_at") else ""
    state = "BROKEN" if promise["state"] == "broken" else promise["state"]
    return f"{state}{ended}"
