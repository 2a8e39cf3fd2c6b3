"""One vivid event of every type: Acme Broadcast, its people, and the ticket that lasted."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from domain.events import Event
from domain.events import account as a
from domain.events import assets as e
from domain.events import company as c
from domain.events import contact as p
from domain.events import duties as d
from domain.events import interaction as i
from domain.events import product as o
from domain.events import reads as r
from domain.events import survey as s
from domain.events import ticket as t
from domain.events import ties as x

ACME: Final = "acme"
JAN: Final = "jan-peeters"
ANA: Final = "ana-lopes"
MIA: Final = "mia"
TOM: Final = "tom"
TICKET: Final = "TCK-1182"
TOUCHED: Final = UUID("01930000-0000-7000-8000-00000000beef")
MONDAY: Final = datetime(2026, 11, 2, 9, 2, tzinfo=UTC)
"""The morning on which TCK-1182 began."""


def at(clock: str, day: int = 2, month: int = 11, year: int = 2026) -> datetime:
    """Say a time of that week: ``at("14:02", day=3)``."""
    hour, minute = clock.split(":")
    return datetime(year, month, day, int(hour), int(minute), tzinfo=UTC)


EXAMPLES: Final[dict[str, Event]] = {
    example.TYPE: example
    for example in (
        c.CompanyRegistered(name="Acme Broadcast", domains=("acme.tv",), tier="Platinum"),
        c.ContactAffiliated(
            contact_id=JAN,
            title="VP Engineering",
            role="decision_maker",
            vip=True,
            valid_from=date(2024, 1, 8),
        ),
        c.ContactAffiliationEnded(contact_id=ANA, valid_to=date(2026, 9, 30), reason="moved on"),
        c.PurchaseRecorded(
            contract_id="C-77",
            stage="signed",
            lines=(c.PurchaseLine(product_id="playout-server", quantity=3),),
            sold_by=TOM,
        ),
        c.ProductInstalled(
            installation_id="antwerp-1",
            product_id="playout-server",
            version="7.2",
            environment="production",
        ),
        c.InstallationConfigured(
            installation_id="antwerp-1",
            changes=(c.ConfigurationChange(key="codec", old="h264", new="h265"),),
        ),
        c.LicencesChanged(product_id="playout-server", seats_before=200, seats_after=1200),
        c.EntitlementGranted(
            entitlement_id="E-1",
            level="Platinum",
            targets=(c.Target(milestone="first_reply", minutes=60),),
            valid_to=date(2027, 3, 31),
        ),
        c.CompanyValueStated(
            arr=Decimal(480000), currency="EUR", valid_from=date(2026, 1, 1), origin="crm"
        ),
        c.RenewalScheduled(
            contract_id="C-77",
            renews_on=date(2027, 1, 12),
            amount=Decimal(480000),
            currency="EUR",
        ),
        c.FactLearned(fact_key="os_version", value="Debian 12", learned_from="crm"),
        c.CompanyEscalationRaised(
            escalation_id="X-9",
            source="customer",
            by_contact_id=JAN,
            to_role="CEO",
            reason="Third outage this quarter",
            severity=1,
            ticket_ids=(TICKET, "TCK-1190"),
        ),
        c.CompanyEscalationResolved(
            escalation_id="X-9", outcome="Weekly call until January", agreed_with=JAN
        ),
        e.InstallationUpgraded(installation_id="antwerp-1", from_version="7.1", to_version="7.2"),
        e.InstallationRetired(installation_id="antwerp-1", reason="Moved to the new hall"),
        e.EntitlementAmended(
            entitlement_id="E-1",
            level="Platinum Plus",
            targets=(c.Target(milestone="first_reply", minutes=30),),
            hours=Decimal(120),
            valid_to=date(2028, 3, 31),
        ),
        e.EntitlementExpired(entitlement_id="E-1", valid_to=date(2028, 3, 31)),
        e.SupportHoursUsed(entitlement_id="E-1", hours=Decimal("2.5"), ticket_id=TICKET),
        a.CompanyProfileChanged(
            changes=(
                a.ProfileChange(field="name", old="Acme Broadcast", new="Acme Media"),
                a.ProfileChange(field="tier", old="Platinum", new="Gold"),
            ),
            reason="Renamed after the takeover",
        ),
        a.CompanyDomainClaimed(domain="acme-media.tv", verified_by="dns"),
        a.CompanyDomainReleased(domain="acme.tv"),
        a.CompanyParentSet(parent_company_id="borealis", previous_parent_id="corvus"),
        a.CompanySubsidiaryAdded(subsidiary_id="acme-benelux"),
        a.CompanySubsidiaryRemoved(subsidiary_id="acme-nordic"),
        a.AccountTeamMemberAssigned(user_id=TOM, role="tam"),
        a.AccountTeamMemberUnassigned(user_id=TOM, role="tam", reason="on parental leave"),
        a.CompanyLifecycleChanged(previous="active", to="at_risk", reason="Three outages"),
        a.CompaniesMerged(kept_id=ACME, absorbed_id="acme-benelux", reason="One firm since May"),
        a.CompanyMergeReverted(merge_event_id=TOUCHED, reason="Two firms after all"),
        a.CompanyEscalationAccepted(escalation_id="X-9", owner_id=TOM, due_at=at("18:00")),
        a.CompanyEscalationDeclined(escalation_id="X-9", reason="The account team has it in hand"),
        a.CompanyEscalationUpdated(
            escalation_id="X-9", trend="improving", note="No outage for a week", watchers=(MIA, TOM)
        ),
        a.ExecutiveBriefed(user_id=TOM, as_of_position=40, card_digest="1f0c", as_of=at("18:00")),
        o.ProductVersionReleased(version="7.2.1", notes="Fixes the leak in the codec"),
        p.ContactRegistered(name="Jan Peeters", emails=("jan@acme.tv",), phones=("+3235551182",)),
        p.ContactIdentityLinked(channel="email", address="jan.peeters@gmail.example"),
        p.ContactsMerged(kept_id=ANA, reason="Same person, two addresses"),
        p.ContactMergeReverted(merge_event_id=TOUCHED, reason="Two of one name"),
        t.TicketOpened(
            number=TICKET,
            subject="Playout drops frames",
            description="Since this morning channel 2 drops frames every minute.",
            requester_id=JAN,
            channel="phone",
            severity=1,
            product_id="playout-server",
            department="First line",
        ),
        t.TicketClassified(category="Playout", severity=2, rule_id="R7"),
        t.TicketUpdated(changes=(t.FieldChange(field="Urgency", old="Low", new="High"),)),
        t.TicketAssigned(
            previous=t.Assignee(agent=TOM),
            to=t.Assignee(agent=MIA, team="Second line"),
            handoff_note="Logs are attached; the cache flush did not help.",
        ),
        t.CustomerMessageReceived(
            contact_id=JAN, body="Still dropping frames,\nnow on channel 3 too.", channel="email"
        ),
        t.AgentReplySent(
            contact_id=JAN, body="We roll the codec back tonight.", channel="email", seen_position=7
        ),
        t.InternalNoteAdded(note="The codec of 7.2 leaks; engineering knows."),
        d.StepRecorded(step_id="S-1", kind="attempt", what="Flush the cache", outcome="failed"),
        d.FactRequested(fact_key="log_files", from_contact_id=JAN),
        d.CommitmentMade(
            commitment_id="P-1",
            to_contact_id=JAN,
            what="Patch for the codec",
            due_at=at("17:00", day=3),
        ),
        d.CommitmentKept(commitment_id="P-1", evidence="Patch 7.2.1 installed"),
        d.CommitmentBroken(commitment_id="P-1", evidence="No patch by Tuesday"),
        d.CommitmentWithdrawn(commitment_id="P-1", reason="The customer rolled back themselves"),
        t.TicketPutOnHold(waiting_for="customer", until=at("09:00", day=5), reason="Needs logs"),
        t.TicketResumed(),
        t.TicketResolved(
            resolution_code="fixed",
            root_cause="Codec leaked memory",
            confirmed_by=JAN,
            resolved_by=MIA,
        ),
        t.TicketReopened(reason="Frames drop again"),
        t.TicketClosed(reason="Confirmed by the customer", resolution_code="fixed"),
        t.ReporterJoined(contact_id=ANA),
        t.TicketsMerged(kept_id="TCK-1100", reason="Same outage"),
        t.TicketMergeReverted(merge_event_id=TOUCHED, reason="Another channel after all"),
        t.TicketLinked(other_ticket_id="TCK-1100", relation="caused_by", system="jira"),
        x.TicketUnlinked(
            other_ticket_id="TCK-1100", relation="caused_by", system="jira", reason="Another cause"
        ),
        x.DuplicateSuspected(
            candidate_ticket_id="TCK-1100",
            score=67,
            signals=("same_installation", "similar_text"),
            weights=(25, 42),
        ),
        x.DuplicateDismissed(
            candidate_ticket_id="TCK-1100", by=MIA, reason="Another channel, another codec"
        ),
        x.TicketSplit(
            new_ticket_id="TCK-1301",
            moved_event_ids=(TOUCHED,),
            subject="Sound is out of step",
            reason="Two problems in one ticket",
        ),
        t.TicketMovedAway(
            to_company="borealis", to_stream_id="ticket/TCK-1182~2", reason="Filed wrongly"
        ),
        d.MilestoneStarted(milestone="first_reply", due_at=at("10:02")),
        d.MilestoneMet(milestone="first_reply", elapsed_business=2280),
        d.MilestoneBreached(milestone="resolution", due_at=at("13:02"), elapsed_business=14400),
        d.MilestonePaused(milestone="resolution", elapsed_business=5400),
        d.MilestoneResumed(milestone="resolution", due_at=at("15:02")),
        d.MilestoneCancelled(
            milestone="resolution", elapsed_business=5400, reason="Entitlement changed"
        ),
        d.TicketEscalationRaised(
            escalation_id="X-1",
            source="customer",
            by_contact_id=JAN,
            to_role="VP Support",
            reason="We are on air tonight",
            severity=1,
        ),
        d.TicketEscalationResolved(
            escalation_id="X-1", outcome="Engineer on site", agreed_with=JAN
        ),
        d.TicketEscalationAccepted(escalation_id="X-1", owner_id=TOM, due_at=at("18:00")),
        d.TicketEscalationDeclined(escalation_id="X-1", reason="Second line has it in hand"),
        d.TicketEscalationUpdated(
            escalation_id="X-1", trend="worsening", note="Now on channel 3 too", watchers=(MIA, TOM)
        ),
        d.ConsultationRequested(
            consultation_id="Q-1",
            department="Engineering",
            question="Does 7.2 leak in the codec?",
            due_at=at("15:00"),
        ),
        d.ConsultationAnswered(consultation_id="Q-1", by=TOM, answer="Yes, fixed in 7.2.1."),
        d.ConsultationAccepted(consultation_id="Q-1", by=TOM),
        d.ConsultationDeclined(consultation_id="Q-1", by=TOM, reason="Not our code"),
        d.ConsultationClosed(consultation_id="Q-1", by=MIA, reason="Answered on the phone"),
        i.InteractionLogged(
            kind="call",
            direction="inbound",
            participants=(i.Participant(contact_id=JAN), i.Participant(user_id=TOM)),
            started_at=at("16:20"),
            ended_at=at("16:32"),
            summary="Asked for the logs again; Jan had sent them already.",
            ticket_ids=(TICKET,),
        ),
        s.SurveySent(metric="csat", contact_id=JAN, ticket_id=TICKET),
        s.SurveyAnswered(score=4, contact_id=JAN, comment="Slow, but honest."),
        r.TimelineViewed(
            viewer_id=MIA, viewed_company_id=ACME, purpose="call", as_of_position=40, count=50
        ),
        r.EventSkipped(
            operator_id=MIA,
            projection="timeline",
            skipped_position=40,
            skipped_type="ticket.note_added",
            reason="A robot sent it by mistake.",
        ),
    )
}
"""One event of every type, by its stored name."""


def example(model: type[Event], **fields: Any) -> Event:
    """Copy the example of a type, with other *fields*."""
    vivid = EXAMPLES[model.TYPE]
    return model.model_validate({**dict(vivid), **fields}) if fields else vivid
