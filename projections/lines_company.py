"""What happened to companies, people and our touches with them, in words."""

from collections.abc import Iterator
from typing import Final

from domain.events import Recorded
from domain.events.company import (
    CompanyEscalationRaised,
    CompanyEscalationResolved,
    CompanyRegistered,
    CompanyValueStated,
    ConfigurationChange,
    ContactAffiliated,
    ContactAffiliationEnded,
    EntitlementGranted,
    FactLearned,
    InstallationConfigured,
    LicencesChanged,
    ProductInstalled,
    PurchaseLine,
    PurchaseRecorded,
    RenewalScheduled,
)
from domain.events.contact import ContactIdentityLinked, ContactRegistered
from domain.events.interaction import InteractionLogged, Participant
from domain.events.reads import EventSkipped, TimelineViewed
from domain.events.survey import SurveyAnswered, SurveySent
from projections import pressure
from projections.phrases import (
    contact,
    day,
    line,
    listed,
    money,
    plain,
    said,
    span,
    staff,
    told,
    words,
)

STAGES: Final = {
    "quoted": "Quoted",
    "signed": "Bought",
    "renewed": "Renewed",
    "cancelled": "Cancelled",
    "unknown": "Purchase",
}
DIRECTIONS: Final = {"inbound": "Incoming {}", "outbound": "Outgoing {}", "none": "{}"}


@line(CompanyRegistered)
def registered(recorded: Recorded[CompanyRegistered]) -> str:
    """Say who the customer is."""
    event = recorded.data
    tier = f" ({plain(event.tier)})" if event.tier else ""
    if event.kind == "individual":
        return f"{contact(event.contact_id)} registered as a customer{tier}"
    return f"Company registered: {plain(event.name or '')}{tier}"


@line(ContactAffiliated)
def affiliated(recorded: Recorded[ContactAffiliated]) -> str:
    """Say what a person is to the company, and since when."""
    event = recorded.data
    title = f" as {plain(event.title)}" if event.title else ""
    role = listed(("" if event.role == "other" else words(event.role), "VIP" * event.vip))
    since = f" since {day(event.valid_from, recorded.occurred_at)}" if event.valid_from else ""
    return (
        f"{contact(event.contact_id)} belongs to the company{title}{role and f' ({role})'}{since}"
    )


@line(ContactAffiliationEnded)
def left(recorded: Recorded[ContactAffiliationEnded]) -> str:
    """Say who left, and when."""
    event = recorded.data
    on = f" on {day(event.valid_to, recorded.occurred_at)}" if event.valid_to else ""
    return f"{contact(event.contact_id)} left the company{on}{told(event.reason)}"


@line(PurchaseRecorded)
def purchased(recorded: Recorded[PurchaseRecorded]) -> str:
    """Say what was sold, and by whom."""
    event = recorded.data
    goods = listed(map(_goods, event.lines))
    return (
        f"{STAGES[event.stage]}{goods and f' {goods}'} (contract {event.contract_id})"
        f"{staff(event.sold_by, ', sold by ')}"
    )


def _goods(sold: PurchaseLine) -> str:
    amount = f" for {money(sold.amount, sold.currency)}" if sold.amount is not None else ""
    return f"{sold.quantity:,} {sold.product_id}{amount}"


@line(ProductInstalled)
def installed(recorded: Recorded[ProductInstalled]) -> str:
    """Say what runs where."""
    event = recorded.data
    version = f" {plain(event.version)}" if event.version else ""
    environment = f" in {plain(event.environment)}" if event.environment else ""
    return f"Installed {event.product_id}{version} as {event.installation_id}{environment}"


@line(InstallationConfigured)
def configured(recorded: Recorded[InstallationConfigured]) -> str:
    """Say which settings changed."""
    event = recorded.data
    changes = listed(map(_setting, event.changes), between="; ")
    return f"Configured {event.installation_id}{changes and f': {changes}'}"


def _setting(change: ConfigurationChange) -> str:
    old, new = (plain(value, 40) if value else "not set" for value in (change.old, change.new))
    return f"{plain(change.key)} {old} → {new}"


@line(LicencesChanged)
def licences_changed(recorded: Recorded[LicencesChanged]) -> str:
    """Say how many seats there were and are."""
    event = recorded.data
    return f"Seats of {event.product_id}: {event.seats_before:,} → {event.seats_after:,}"


@line(EntitlementGranted)
def entitled(recorded: Recorded[EntitlementGranted]) -> str:
    """Say to what support the company has a right, and until when."""
    event = recorded.data
    until = f" until {day(event.valid_to, recorded.occurred_at)}" if event.valid_to else ""
    targets = listed(f"{words(t.milestone)} within {span(60 * t.minutes)}" for t in event.targets)
    return f"Entitled to {plain(event.level)} support{until}{targets and f' ({targets})'}"


@line(CompanyValueStated)
def valued(recorded: Recorded[CompanyValueStated]) -> str:
    """Say what the company is worth, and who says so."""
    event = recorded.data
    worth = listed(
        (
            f"{money(event.arr, event.currency)} a year" if event.arr is not None else "",
            f"{money(event.ltv, event.currency)} in all" if event.ltv is not None else "",
        )
    )
    since = day(event.valid_from, recorded.occurred_at)
    return f"Worth {worth or 'not known'} from {since}, says {plain(event.origin)}"


@line(RenewalScheduled)
def renewal_scheduled(recorded: Recorded[RenewalScheduled]) -> str:
    """Say when a contract renews, and for how much."""
    event = recorded.data
    amount = f", {money(event.amount, event.currency)}" if event.amount is not None else ""
    renews = day(event.renews_on, recorded.occurred_at)
    return f"Contract {event.contract_id} renews on {renews}{amount}"


@line(FactLearned)
def fact_learned(recorded: Recorded[FactLearned]) -> str:
    """Say what is on file now, and from where."""
    event = recorded.data
    source = f", from {plain(event.learned_from)}" if event.learned_from else ""
    return (
        f"On file{contact(event.contact_id, ' for ')}: {words(event.fact_key)} is "
        f"{plain(event.value)}{source}"
    )


@line(CompanyEscalationRaised)
def escalated(recorded: Recorded[CompanyEscalationRaised]) -> str:
    """Say who brought pressure about the whole relation, and to whom."""
    event = recorded.data
    about = f", about {listed(event.ticket_ids)}" if event.ticket_ids else ""
    return f"Company escalated by {pressure.brought(event)}{about}{said(event.reason, ': ')}"


@line(CompanyEscalationResolved)
def escalation_over(recorded: Recorded[CompanyEscalationResolved]) -> str:
    """Say how the pressure ended."""
    return pressure.over(recorded.data, pressure.COMPANYS)


@line(ContactRegistered)
def contact_registered(recorded: Recorded[ContactRegistered]) -> str:
    """Say that a person is known."""
    return f"{contact(recorded.local_id)} is known to us"


@line(ContactIdentityLinked)
def identity_linked(recorded: Recorded[ContactIdentityLinked]) -> str:
    """Say how else a person is reached."""
    event = recorded.data
    person = contact(recorded.local_id)
    return f"{person} is also reached by {plain(event.channel)}{told(event.address)}"


@line(InteractionLogged)
def talked(recorded: Recorded[InteractionLogged]) -> str:
    """Say who was in touch with whom, how long, and about what."""
    event = recorded.data
    touch = DIRECTIONS[event.direction].format(event.kind).capitalize()
    people = listed(_people(event.participants))
    took = ""
    if event.started_at and event.ended_at and event.ended_at > event.started_at:
        took = f" ({span((event.ended_at - event.started_at).total_seconds())})"
    return f"{touch}{people and f' with {people}'}{took}{told(event.summary)}"


def _people(participants: tuple[Participant, ...]) -> Iterator[str]:
    for one in participants:
        if one.contact_id:
            yield contact(one.contact_id)
        else:
            yield staff(one.user_id) or plain(one.name or "")


@line(SurveySent)
def asked(recorded: Recorded[SurveySent]) -> str:
    """Say who was asked for an opinion."""
    event = recorded.data
    person = contact(event.contact_id, otherwise="The customer")
    return f"{person} was asked for an opinion ({event.metric.upper()})"


@line(SurveyAnswered)
def answered(recorded: Recorded[SurveyAnswered]) -> str:
    """Say the score, and quote the comment."""
    event = recorded.data
    person = contact(event.contact_id, otherwise="The customer")
    return f"{person} gave {event.score}{said(event.comment, ': ')}"


@line(EventSkipped)
def event_skipped(recorded: Recorded[EventSkipped]) -> str:
    """Say what was left out of which projection."""
    skipped = recorded.data
    left_out = f"position {skipped.skipped_position} left out of {plain(skipped.projection)}"
    return f"{left_out}{said(skipped.reason, ': ')}"


@line(TimelineViewed)
def timeline_viewed(recorded: Recorded[TimelineViewed]) -> str:
    """Say who looked at what."""
    event = recorded.data
    what = f"the ticket {event.ticket_id}" if event.ticket_id else "the timeline"
    why = f" for {plain(event.purpose)}" if event.purpose else ""
    return f"{staff(event.viewer_id)} read {what} of {event.viewed_company_id}{why}"
