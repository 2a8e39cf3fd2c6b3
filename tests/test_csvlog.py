"""Logs of rows: every row counts once, at its own time, for what it says."""

from pathlib import Path
from typing import Final

from domain.events.company import CompanyRegistered, FactLearned
from domain.events.contact import ContactRegistered
from domain.events.interaction import InteractionLogged
from domain.events.ticket import (
    CustomerMessageReceived,
    FieldChange,
    ReporterJoined,
    TicketClassified,
    TicketClosed,
    TicketMovedAway,
    TicketOpened,
    TicketReopened,
    TicketUpdated,
)
from services.adapters.importing import run_import
from services.config import Settings
from services.deployment import Deployment
from tests.csvlogs import HEADER, MAPPING, ROWS, of_tickets, opened, reported


def test_what_happened_stands_in_the_order_of_its_times(tmp_path: Path) -> None:
    reports = reported(tmp_path, ROWS)

    assert [(f"{report.occurred_at:%d %H:%M}", report.event.TYPE) for report in reports] == [
        ("02 09:02", "company.registered"),
        ("02 09:02", "ticket.opened"),
        ("02 09:10", "company.registered"),
        ("02 09:10", "ticket.opened"),
        ("02 09:20", "ticket.updated"),
        ("03 08:00", "ticket.closed"),
        ("03 08:00", "ticket.updated"),
        ("04 08:00", "ticket.closed"),
        ("05 08:00", "ticket.reopened"),
    ]


def test_the_sources_own_word_stands_once_for_each_row(tmp_path: Path) -> None:
    tickets = of_tickets(reported(tmp_path, ROWS))

    activities = [report.source.activity for report in tickets if report.stream_id == "ticket/T-1"]
    assert activities == ["new", "new", "closed", None, "new"]


def test_every_report_says_that_it_is_history_and_which_zone_was_assumed(tmp_path: Path) -> None:
    reports = reported(tmp_path, ROWS)

    assert all(report.source.imported for report in reports)
    assert {report.source.assumed_zone for report in reports} == {"UTC"}
    assert {report.actor for report in of_tickets(reports)} == {"agent/mia", "agent/tom"}


def test_times_that_name_their_zone_need_none_assumed(tmp_path: Path) -> None:
    mapping = MAPPING.replace('"%d/%m/%Y %H:%M"\nzone = "UTC"', '"%Y-%m-%d %H:%M %z"')

    (_, report) = reported(tmp_path, "T-1,2026-11-02 09:02 +0100,mia,Acme,new,?\n", mapping)

    assert report.occurred_at.isoformat() == "2026-11-02T08:02:00+00:00"
    assert report.source.assumed_zone is None


def test_the_company_keeps_its_name_and_says_of_which_column_it_comes(tmp_path: Path) -> None:
    (company, _) = reported(tmp_path, "T-1,2/11/2026 09:02,mia,Acme  Broadcast,new,?\n")

    assert isinstance(company.event, CompanyRegistered)
    assert company.stream_id == "company/acme-broadcast"
    assert company.event.name == "Acme  Broadcast"
    assert company.event.external_ids[0].system == "old:Account"


def test_a_row_that_says_nothing_is_kept_as_an_update(tmp_path: Path) -> None:
    update = of_tickets(reported(tmp_path, ROWS))[2]

    assert update.event == TicketUpdated(changes=(), activity="new")


def test_a_kept_column_that_changed_stands_in_an_update(tmp_path: Path) -> None:
    update = of_tickets(reported(tmp_path, ROWS))[4]

    change = FieldChange(field="Priority", old="low", new="high")
    assert update.event == TicketUpdated(changes=(change,))


def test_leaving_a_state_is_not_entering_it(tmp_path: Path) -> None:
    events = [type(report.event) for report in of_tickets(reported(tmp_path, ROWS))]

    assert events.count(TicketReopened) == 1
    assert events.count(TicketClosed) == 2


def test_exact_copies_of_a_row_stay_and_are_counted(tmp_path: Path) -> None:
    log, _ = opened(tmp_path, ROWS.splitlines(keepends=True)[0] * 3)
    with log:
        log.read()
        ids = [report.source.external_id for report in of_tickets(log.reports())]
        notes = list(log.notes())

    assert [name.split(":", 1)[1] for name in ids] == ["T-1:1", "T-1:2", "T-1:3"]
    assert "exact copies of a row before, each kept as a step: 2" in notes


def test_columns_that_the_mapping_does_not_mention_are_named(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",Colour,Colour\n")
    log, _ = opened(tmp_path, "", header=header)
    with log:
        log.read()

        assert list(log.notes())[-1] == (
            "columns that the mapping does not mention: Colour, Colour#2"
        )


def test_a_ticket_whose_time_goes_back_keeps_the_order_of_the_file(tmp_path: Path) -> None:
    rows = (
        "T-1,2/11/2026 09:00,mia,Acme,new,1\n"
        "T-1,2/11/2026 08:00,mia,Acme,new,2\n"
        "T-1,2/11/2026 10:00,mia,Acme,new,3\n"
    )
    tickets = of_tickets(reported(tmp_path, rows))

    assert [f"{report.occurred_at:%H:%M}" for report in tickets] == ["09:00", "08:00", "10:00"]


def test_the_opening_comes_first_even_if_its_own_time_is_later(tmp_path: Path) -> None:
    mapping = MAPPING.replace("[opened.fields]", '[opened]\nat = "Opened"\n[opened.fields]')
    rows = "T-1,2/11/2026 09:00,mia,Acme,new,1,2/11/2026 09:30\n"
    header = HEADER.replace("\n", ",Opened\n")

    first, second = of_tickets(reported(tmp_path, rows, mapping, header))

    assert isinstance(first.event, TicketOpened)
    assert f"{first.occurred_at:%H:%M} {second.occurred_at:%H:%M}" == "09:30 09:00"


def test_a_ticket_without_a_company_is_unassigned_until_one_is_known(tmp_path: Path) -> None:
    rows = (
        "T-1,2/11/2026 09:00,mia,?,new,1\n"
        "T-1,2/11/2026 10:00,mia,Acme,new,1\n"
        "T-1,2/11/2026 11:00,mia,?,new,1\n"
        "T-1,2/11/2026 12:00,mia,Acme,closed,1\n"
    )
    reports = reported(tmp_path, rows)
    events = [report.event for report in of_tickets(reports)]

    assert reports[0].company == "unassigned"
    assert events.count(TicketMovedAway(to_company="acme")) == 1
    kept = FieldChange(field="Account", old="Acme", new=None)
    assert TicketUpdated(changes=(kept,), activity="new") in events


def test_what_follows_a_move_goes_on_in_the_last_link(tmp_path: Path) -> None:
    rows = ROWS + "T-1,6/11/2026 08:00,mia,Nordlicht,closed,high\n"
    log, rejects = opened(tmp_path, rows)
    with log, Deployment(Settings(home=tmp_path / "home")) as longcase:
        log.read()
        run_import(log.reports(), longcase.desk, rejects=rejects)

        moved = longcase.log.of_stream("ticket/T-1~2")

    assert [row.type for row in moved] == ["ticket.opened", "ticket.closed"]
    assert {row.company_id for row in moved} == {"nordlicht"}


PEOPLE: Final = """
[contact]
column = "Person"
email = "Mail"
[[rule]]
when = [{ first = false }, { column = "Person", changed = true }]
event = "ticket.reporter_joined"
fields = { contact_id = { this = "contact" } }
[[rule]]
when = { column = "Text", present = true }
event = "ticket.customer_message_received"
visibility = "public"
actor = { column = "Person", kind = "contact" }
fields = { body = { column = "Text" }, contact_id = { this = "contact" } }
"""

WITH_PEOPLE: Final = HEADER.replace("\n", ",Person,Mail,Text\n")


def test_the_ids_of_people_are_not_made_of_their_names(tmp_path: Path) -> None:
    rows = (
        "T-1,2/11/2026 09:00,mia,Acme,new,1,Jan Peeters,jan@acme.example,Help!\n"
        "T-1,2/11/2026 10:00,mia,Acme,new,1,Ana Lopes,?,?\n"
        "T-2,2/11/2026 11:00,mia,Acme,new,1,Jan Peeters,jan@acme.example,?\n"
    )
    reports = reported(tmp_path, rows, MAPPING + PEOPLE, WITH_PEOPLE)
    people = {r.stream_id: r.event for r in reports if isinstance(r.event, ContactRegistered)}

    assert people == {
        "contact/person-T-1": ContactRegistered(name="Jan Peeters", emails=("jan@acme.example",)),
        "contact/person-T-1-2": ContactRegistered(name="Ana Lopes"),
    }
    events = [report.event for report in reports]
    assert ReporterJoined(contact_id="person-T-1-2") in events
    message = next(r for r in reports if isinstance(r.event, CustomerMessageReceived))
    assert message.actor == "contact/person-T-1"
    affiliations = [r for r in reports if r.event.TYPE == "company.contact_affiliated"]
    assert len(affiliations) == 2


def test_an_address_where_codes_were_promised_is_rejected(tmp_path: Path) -> None:
    mapping = MAPPING + PEOPLE.replace('email = "Mail"', 'values = "codes"')
    rows = "T-1,2/11/2026 09:00,mia,Acme,new,1,jan@acme.example,?,?\n"

    log, rejects = opened(tmp_path, rows, mapping, WITH_PEOPLE)
    with log, rejects:
        log.read()

    assert rejects.examples == [
        "line 2: Person holds an address; say values = 'names' in [contact]"
    ]


BACKFILLED: Final = """
[[rule]]
when = { column = "Closed by", present = true, changed = true }
event = "ticket.closed"
fields = { reason = { column = "Closed by" } }
[[backfilled]]
columns = "Closed by"
since = { column = "Status", is = "closed" }
after = "Closed"
"""


def test_nothing_is_said_before_it_was_known(tmp_path: Path) -> None:
    mapping = MAPPING.replace('"Priority"]', '"Closed by"]') + BACKFILLED
    header = HEADER.replace("\n", ",Closed by,Closed\n")
    rows = "".join(
        f"T-1,2/11/2026 {time},mia,Acme,{status},?,tom,2/11/2026 11:00\n"
        for time, status in (("09:00", "new"), ("10:00", "closed"), ("11:00", "closed"))
    )
    tickets = of_tickets(reported(tmp_path, rows, mapping, header))

    assert [(f"{r.occurred_at:%H:%M}", r.event) for r in tickets[1:]] == [
        ("10:00", TicketClosed()),
        ("11:00", TicketClosed(reason="tom")),
    ]


def test_a_value_that_the_table_lacks_is_left_out_counted_and_kept(tmp_path: Path) -> None:
    mapping = MAPPING.replace('category = { column = "Priority" }', "") + (
        '[[rule]]\nwhen = { column = "Priority", changed = true }\nevent = "ticket.classified"\n'
        'fields = { priority = { column = "Priority", table = "priority", only_changed = true } }\n'
        "[tables.priority]\nhigh = 2\n"
    )
    log, _ = opened(tmp_path, ROWS, mapping)
    with log:
        log.read()
        events = [report.event for report in log.reports()]
        notes = list(log.notes())

    assert events.count(TicketClassified(priority=2)) == 2
    assert TicketUpdated(changes=(FieldChange(field="Priority", new="low"),)) in events
    assert "fields left out, because tables.priority has no 'low': 1" in notes


def test_rows_may_speak_of_the_company_and_of_calls(tmp_path: Path) -> None:
    mapping = MAPPING + (
        '[[rule]]\nwhen = { first = true }\nevent = "company.fact_learned"\n'
        'fields = { fact_key = "tier", value = { column = "Priority" } }\n'
        '[[rule]]\nwhen = { first = true }\nevent = "interaction.logged"\n'
        'fields = { kind = "call", ticket_ids = [{ this = "ticket" }] }\n'
    )
    reports = reported(tmp_path, "T-1,2/11/2026 09:02,mia,Acme,new,gold\n", mapping)

    fact, call = reports[-2:]
    assert fact.stream_id == "company/acme"
    assert fact.event == FactLearned(fact_key="tier", value="gold")
    assert (call.stream_id, call.company) == ("interaction/T-1.1", "acme")
    assert call.event == InteractionLogged(kind="call", ticket_ids=("T-1",))
