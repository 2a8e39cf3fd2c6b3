"""The brief for whoever takes a ticket over: what was tried, what is open, whose turn it is.

It is made from the ticket's state at any step, so it is as true of that step as the replay is;
every line names the events that it rests on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from projections.phrases import words
from projections.promises import judged

State = Mapping[str, Any]
Line = dict[str, Any]
Whose = Literal["us", "customer", "vendor", "nobody", "unknown"]

ABOUT: Final = (
    "ticket_id", "chain_id", "company_id", "number", "subject", "status", "severity", "priority",
    "product_id", "category", "requester_id", "reporters", "opened_at", "root_cause",
    "resolution_code",
)  # fmt: skip
"""What the brief says of the ticket itself."""

WAITS: Final[Mapping[str, Whose]] = {"customer": "customer", "vendor": "vendor", "internal": "us"}
PENDING: Final = ("asked", "raised", "accepted")
OWED: Final = ("open", "broken_by_time")


def brief(state: State, unanswered: Sequence[Line], at: str) -> dict[str, Any]:
    """Write the brief of a ticket as it stood at one step.

    Args:
        state: After the step, all streams of the ticket's chain joined.
        unanswered: The customer's messages since our last reply, oldest first.
        at: As of when a promise is held against its time.
    """
    promises = [judged(promise, at) for promise in state["promises"]]
    owed = [promise for promise in promises if promise["standing"] in OWED]
    questions = {
        "to_us": list(unanswered),
        "to_customer": [*_unanswered_facts(state)],
        "to_colleagues": [q for q in state["consultations"] if q["state"] in PENDING],
    }
    return {
        **{name: state[name] for name in ABOUT},
        "turn": _turn(state, unanswered, owed, questions["to_customer"]),
        "has_it": {**state["assignee"], "event_ids": _proof(state, "assigned")},
        "tried": state["steps"],
        "promises": owed,
        "questions": questions,
        "escalations": [x for x in state["escalations"] if x["state"] in PENDING],
        "milestones": state["milestones"],
        "worked": state["workers"],
    }


def _turn(
    state: State, unanswered: Sequence[Line], owed: Sequence[Line], asked: Sequence[Line]
) -> Line:
    """Say whose turn it is, and by which events that is known."""
    last_reply = _proof(state, "agent_reply")
    match state["status"]:
        case "resolved" | "closed" as status:
            return _told("nobody", f"the ticket is {status}", _proof(state, "stage"))
        case "moved" | "merged" as status:
            where = state["moved_to"] or state["merged_into"]
            merges = [merge["event_id"] for merge in state["merges"]]
            return _told("nobody", f"the ticket was {status}: it goes on in {where}", merges)
        case "on_hold":
            whom = state["waiting_for"] or "unknown"
            return _told(WAITS.get(whom, "unknown"), f"on hold, waiting for {words(whom)}",
                         _proof(state, "stage"))  # fmt: skip
        case _ if unanswered:
            count = len(unanswered)
            what = "message of the customer waits" if count == 1 else "messages wait"
            return _told("us", f"{count} {what} for an answer", _ids(unanswered))
        case _ if owed:
            count = len(owed)
            what = "promise is" if count == 1 else "promises are"
            return _told("us", f"{count} {what} open", _ids(owed))
        case _ if asked:
            return _told("customer", "we asked, and no answer came", _ids(asked))
        case _ if last_reply:
            return _told("customer", "the last word was ours", last_reply)
        case _:
            return _told("us", "nobody has answered yet", _proof(state, "opened"))


def _unanswered_facts(state: State) -> Iterator[Line]:
    """Yield what we asked the customer for and they wrote nothing since."""
    heard = state["last_customer_message_at"] or ""
    return (asked for asked in state["facts_asked"] if (asked["at"] or "") >= heard)


def _told(who: Whose, why: str, event_ids: list[str]) -> Line:
    return {"who": who, "why": why, "event_ids": event_ids}


def _ids(lines: Iterable[Line]) -> list[str]:
    return list(dict.fromkeys(proof for line in lines for proof in line["event_ids"]))


def _proof(state: State, name: str) -> list[str]:
    return [state["evidence"][name]] if name in state["evidence"] else []
