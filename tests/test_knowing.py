"""What is known of a ticket: as of any moment, with the configuration of then, for a handover."""

import pytest

from domain.events.ticket import Assignee
from projections.redaction import RESTRICTED
from services.asking import Moment
from services.reading import NotFound
from services.security import Denied
from tests import witnesses
from tests.reports import (
    ACME,
    TICKET,
    assigned,
    at,
    broken,
    configured,
    installed,
    kept,
    moved,
    noted,
    opened,
    promised,
    registered,
    replied,
    requested,
    resolved,
    stepped,
    talked,
    withdrawn,
    wrote,
)
from tests.witnesses import Told

told = witnesses.told

ANTWERP = "antwerp-1"


def set_up(told: Told) -> None:
    """Install the playout server in January, and open a ticket about it on 10 March."""
    told.tell(
        installed(at=at("09:00", 5, 1), installation_id=ANTWERP, version="7.1"),
        configured(at=at("09:05", 5, 1), codec="h264", pool="auto"),
        opened(at=at("10:00", 10, 3), installation_ids=(ANTWERP,)),
    )


def test_a05_steps_are_a_list_with_the_configuration_of_their_time(told: Told) -> None:
    set_up(told)
    first, _, second, _ = told.tell(
        stepped(at=at("11:00", 10, 3), step_id="S-1", kind="attempt", outcome="failed",
                what="Flush the cache", installation_id=ANTWERP, actor="agent/mia"),
        configured(at=at("09:00", 12, 3), codec="h265"),
        stepped(at=at("10:00", 12, 3), step_id="S-2", kind="fix", outcome="worked",
                what="Change the codec", installation_id=ANTWERP, actor="agent/tom"),
        stepped(at=at("12:00", 12, 3), step_id="S-3", kind="verify", outcome="worked",
                what="Watch it for an hour"),
    )  # fmt: skip

    steps = told.by().ticket(TICKET)["steps"]

    assert [(s["kind"], s["outcome"], s["by"]) for s in steps] == [
        ("attempt", "failed", "agent/mia"), ("fix", "worked", "agent/tom"),
        ("verify", "worked", "system/crm"),
    ]  # fmt: skip
    assert [s["event_id"] for s in steps[:2]] == [str(told.event_at(p)) for p in (first, second)]
    assert [s["configuration"] and s["configuration"]["settings"] for s in steps] == [
        {"codec": "h264", "pool": "auto"}, {"codec": "h265", "pool": "auto"}, None,
    ]  # fmt: skip
    assert steps[0]["configuration"]["version"] == "7.1"


def test_a23_a_ticket_shows_the_configuration_at_its_opening_and_marks_what_changed(
    told: Told,
) -> None:
    set_up(told)
    (change,) = told.tell(configured(at=at("14:00", 12, 3), codec="h265"))

    (found,) = told.by().ticket(TICKET, Moment(at("12:00", 20, 3)))["configurations"]
    (before,) = told.by().ticket(TICKET, Moment(at("12:00", 11, 3)))["configurations"]

    assert found["at_opening"]["settings"] == {"codec": "h264", "pool": "auto"}
    (later,) = found["changed_since"]
    assert (later["key"], later["new"], later["event_id"]) == (
        "codec", "h265", str(told.event_at(change)),
    )  # fmt: skip
    assert later["at"] == "2026-03-12T14:00:00.000000Z"
    assert before == {**found, "changed_since": []}


def test_a23_what_was_so_at_the_opening_and_learned_later_is_marked(told: Told) -> None:
    set_up(told)
    (head,) = told.tell(noted(at=at("10:30", 10, 3)))
    (late,) = told.tell(configured(at=at("08:00", 9, 3), pool="96"))

    (now,) = told.by().ticket(TICKET)["configurations"]
    (then,) = told.by().ticket(TICKET, Moment(known_at=head))["configurations"]

    assert now["at_opening"]["settings"]["pool"] == "96"
    assert now["at_opening"]["learned_later"] == [str(told.event_at(late))]
    assert then["at_opening"]["settings"]["pool"] == "auto"
    assert then["at_opening"]["learned_later"] == []


def test_an_installation_is_told_as_of_either_clock(told: Told) -> None:
    set_up(told)
    (head,) = told.tell(configured(at=at("14:00", 12, 3), codec="h265"))
    told.tell(configured(at=at("08:00", 11, 3), pool="96"))

    def settings(moment: Moment) -> dict[str, str]:
        (one,) = told.by().installations(ACME, moment)
        return dict(one["settings"])

    assert settings(Moment(at("12:00", 11, 3))) == {"codec": "h264", "pool": "96"}
    assert settings(Moment(known_at=head)) == {"codec": "h265", "pool": "auto"}
    assert settings(Moment(at("12:00", 11, 3), head)) == {"codec": "h264", "pool": "auto"}


def test_what_is_restricted_of_an_installation_is_withheld_but_said_to_be_there(
    told: Told,
) -> None:
    set_up(told)
    told.tell(configured(at=at("14:00", 12, 3), secret="zwaluw", visibility="restricted"))

    (agents,) = told.by().ticket(TICKET)["configurations"]
    (auditors,) = told.by("ada", "auditor").ticket(TICKET)["configurations"]

    assert [change["redacted"] for change in agents["changed_since"]] == [True]
    assert "zwaluw" not in f"{agents} {told.by().installations(ACME)}"
    assert auditors["changed_since"][0]["new"] == "zwaluw"
    assert told.customer().ticket(TICKET)["configurations"] == []
    assert told.customer().installations(ACME) == []


def test_a_ticket_that_moved_keeps_what_was_so_around_it_before(told: Told) -> None:
    set_up(told)
    told.tell(
        registered("borealis"), requested(at=at("10:30", 10, 3), fact_key="log_files"),
        stepped(at=at("11:00", 10, 3), installation_id=ANTWERP),
        moved(at=at("12:00", 10, 3), to="borealis"),
    )  # fmt: skip

    whole, part = told.by().ticket(TICKET), told.by("bo", "agent", "borealis").ticket(TICKET)

    assert whole["steps"][0]["configuration"]["settings"]["codec"] == "h264"
    assert [one["fact_key"] for one in whole["facts_asked"][0]["askings"]] == ["log_files"]
    assert whole["configurations"][0]["at_opening"]["version"] == "7.1"
    assert (part["steps"], part["configurations"]) == ([], [])
    first = next(told.by().replay(TICKET)).event["event_id"]
    assert whole["evidence"]["opened"] == first != part["evidence"]["opened"]


def test_a_ticket_as_of_now_is_the_ticket_as_it_stands(told: Told) -> None:
    set_up(told)
    told.tell(
        registered("borealis"), noted(at=at("11:00", 10, 3), visibility="restricted"),
        requested(at=at("11:30", 10, 3)), moved(at=at("12:00", 10, 3), to="borealis"),
        stepped(at=at("13:00", 10, 3)),
    )  # fmt: skip
    head = told.deployment.log.head()

    for reader in (told.by(), told.by("ada", "auditor"), told.customer(),
                   told.by("bo", "agent", "borealis")):  # fmt: skip
        found, then = reader.ticket(TICKET), reader.ticket(TICKET, Moment(known_at=head))
        for ticket in (found, then):
            ticket["promises"] = []  # judged a moment apart
        assert then == found


def test_a_ticket_is_not_known_before_it_was_opened_or_recorded(told: Told) -> None:
    (before,) = told.tell(talked())
    set_up(told)

    assert told.by().ticket(TICKET, Moment(at("10:00", 10, 3)))["status"] == "new"
    for moment in (Moment(at("09:59", 10, 3)), Moment(known_at=before)):
        with pytest.raises(NotFound):
            told.by().ticket(TICKET, moment)


def long_story(told: Told) -> None:
    """Tell a ticket that four agents have had: sixty steps, three handovers, loose ends."""
    told.tell(opened(at=at("08:00")))
    for turn, agent in enumerate(("mia", "tom", "eve", "kim")):
        actor = f"agent/{agent}"
        to = Assignee(agent=agent)
        told.tell(assigned(at=at(f"{9 + turn}:00"), actor=actor, to=to), *(
            stepped(at=at(f"{9 + turn}:{minute + 1:02}"), actor=actor,
                    step_id=f"S-{turn}-{minute}", what=f"Try {turn}-{minute}", outcome="failed")
            for minute in range(15)
        ))  # fmt: skip
    told.tell(
        promised(at=at("13:00"), commitment_id="P-1", what="Patch", due_at=at("17:00")),
        promised(at=at("13:01"), commitment_id="P-2", what="Call", due_at=at("14:00")),
        kept(at=at("13:30"), commitment_id="P-2"),
        replied(at=at("13:40"), body="We are on it"),
        requested(at=at("13:45"), fact_key="log_files"),
        wrote(at=at("13:43"), body="And now?"),
    )


def test_a25_a_handoff_brief_says_what_was_tried_and_what_is_open(told: Told) -> None:
    long_story(told)

    brief = told.by("fay").handoff(TICKET)

    assert len(brief["tried"]) == 60
    assert {(step["outcome"], len(step["event_ids"])) for step in brief["tried"]} == {("failed", 1)}
    assert [(p["id"], p["standing"]) for p in brief["promises"]] == [("P-1", "broken_by_time")]
    assert [q["text"] for q in brief["questions"]["to_us"]] == ['Jan-Peeters wrote: "And now?"']
    assert [q["id"] for q in brief["questions"]["to_customer"]] == ["log_files"]
    assert [(w["id"], w["events"]) for w in brief["worked"]] == [
        (f"agent/{agent}", 16) for agent in ("mia", "tom", "eve", "kim")
    ]
    assert (brief["turn"]["who"], brief["has_it"]["agent"]) == ("us", "kim")


def test_a25_every_line_of_a_brief_names_events_of_the_ticket(told: Told) -> None:
    long_story(told)
    ours = {step.event["event_id"] for step in told.by().replay(TICKET)}

    brief = told.by("fay").handoff(TICKET)

    asked = [q for questions in brief["questions"].values() for q in questions]
    told_of = [*brief["tried"], *brief["promises"], *brief["worked"], *asked]
    lines = [brief["turn"], brief["has_it"], *told_of]
    assert all(line["event_ids"] for line in lines)
    assert {event_id for line in lines for event_id in line["event_ids"]} <= ours


def test_a25_a_brief_at_a_cut_is_that_of_the_ticket_as_it_was_then(told: Told) -> None:
    long_story(told)
    steps = list(told.by().replay(TICKET))
    whole = {step.ordinal: step.whole for step in steps}

    for cut in (1, 2, 33, 66, 67, 68):
        brief = told.by().handoff(TICKET, cut)
        assert brief["step"] == cut
        assert [s["id"] for s in brief["tried"]] == [s["id"] for s in whole[cut]["steps"]]
        assert brief["worked"] == whole[cut]["workers"]
    assert told.by().handoff(TICKET, 66)["promises"][0]["standing"] == "open"
    assert told.by().handoff(TICKET, 1)["turn"]["why"] == "nobody has answered yet"
    with pytest.raises(NotFound, match="no step 99"):
        told.by().handoff(TICKET, 99)


def test_a_brief_withholds_what_is_restricted_and_is_not_for_customers(told: Told) -> None:
    told.tell(
        opened(at=at("08:00")),
        stepped(at=at("09:00"), what="zwaluw", visibility="restricted", actor="agent/boss"),
        promised(at=at("09:10"), what="zwaluw", visibility="restricted", actor="agent/boss"),
        wrote(at=at("09:20"), body="zwaluw", visibility="restricted"),
    )

    brief, full = told.by().handoff(TICKET), told.by("ada", "auditor").handoff(TICKET)

    assert "zwaluw" not in str(brief)
    assert "boss" not in str(brief)
    assert [step["what"] for step in brief["tried"]] == [RESTRICTED]
    assert [q["text"] for q in brief["questions"]["to_us"]] == [RESTRICTED]
    assert brief["tried"][0]["event_ids"] == full["tried"][0]["event_ids"]
    assert [w["id"] for w in full["worked"]] == ["agent/boss"]
    with pytest.raises(Denied):
        told.customer().handoff(TICKET)


def test_promises_of_a_company_are_listed_across_tickets_and_agents(told: Told) -> None:
    told.tell(opened(at=at("08:00")), opened("TCK-2", at=at("08:01")), *(
        promised(ticket, at=at("09:00"), commitment_id=name, what=name, due_at=at(due),
                 actor=f"agent/{agent}")
        for ticket, name, due, agent in (
            (TICKET, "kept", "10:00", "mia"), (TICKET, "broken", "10:00", "mia"),
            ("TCK-2", "lapsed", "10:00", "tom"), ("TCK-2", "late", "10:00", "tom"),
            ("TCK-2", "withdrawn", "10:00", "tom"),
        )
    ))  # fmt: skip
    told.tell(
        promised("TCK-2", at=at("09:00"), commitment_id="open", what="open", due_at=None),
        kept(at=at("09:30"), commitment_id="kept"),
        broken(at=at("10:30"), commitment_id="broken"),
        kept("TCK-2", at=at("11:00"), commitment_id="late"),
        withdrawn("TCK-2", at=at("09:30"), commitment_id="withdrawn"),
    )

    ledger = told.by().promises(ACME)

    assert {p["id"]: p["standing"] for p in ledger["promises"]} == {
        "kept": "kept", "broken": "broken", "lapsed": "broken_by_time", "late": "kept",
        "withdrawn": "withdrawn", "open": "open",
    }  # fmt: skip
    assert ledger["counts"] == {
        "open": 1, "kept": 2, "broken": 1, "broken_by_time": 1, "withdrawn": 1,
    }  # fmt: skip
    assert ledger["kept_late"] == 1
    assert ledger["by"]["agent/mia"]["kept"] == 1
    assert all(promise["event_ids"] for promise in ledger["promises"])
    assert [p["standing"] for p in told.by().ticket(TICKET)["promises"]] == ["kept", "broken"]


def test_a_promise_that_moved_with_its_ticket_is_kept_for_both_companies(told: Told) -> None:
    told.tell(
        registered("borealis"), opened(at=at("08:00")),
        promised(at=at("09:00"), commitment_id="P-1", due_at=at("10:00")),
        moved(at=at("09:30"), to="borealis"), kept(at=at("09:40"), commitment_id="P-1"),
    )  # fmt: skip

    for company in (ACME, "borealis"):
        (promise,) = told.by().promises(company)["promises"]
        assert (promise["standing"], promise["ticket_id"]) == ("kept", TICKET)
        assert len(promise["event_ids"]) == 2


def test_a15_what_is_restricted_on_a_ticket_says_that_it_is_there_and_no_more(
    told: Told,
) -> None:
    told.tell(
        opened(at=at("08:00")), noted(at=at("09:00"), note="zwaluw", visibility="restricted",
                                      actor="agent/boss"),
        resolved(at=at("10:00"), root_cause="zwaluw", visibility="restricted",
                 actor="agent/boss", resolved_by="boss"),
    )  # fmt: skip

    for agent in (told.by(), told.by("mia", "agent", ACME)):
        steps = list(agent.replay(TICKET))
        changed = agent.diff(TICKET, at("07:00"), at("11:00"), "happened")
        seen = f"{agent.ticket(TICKET)} {changed} {steps}"
        assert [step.event["redacted"] for step in steps] == [False, True, True]
        assert [step.event["department"] for step in steps] == ["First line"] * 3
        assert "zwaluw" not in seen
        assert "boss" not in seen
        assert agent.ticket(TICKET)["counts"]["notes"] == 1
    public = f"{told.customer().ticket(TICKET)} {list(told.customer().replay(TICKET))}"
    assert "restricted" not in public
