"""Every refusal, as a tree.  A refusal names the state that forbids, and what to do.

Refused
├── Unreadable            the report itself is wrong: type, field, time, size
│   ├── UnknownType
│   ├── InvalidReport
│   ├── TooLarge
│   ├── QueryRefused      what is asked of a read model cannot be understood
│   └── CursorRefused     not a cursor of ours, or one for another question
└── Forbidden             a rule forbids it
    ├── AlreadyOpened, AlreadyRegistered, AlreadyMade, AlreadyMoved, AlreadyMerged
    ├── NotOpened, NotRegistered
    ├── OtherCompany, OtherStream
    ├── UnknownCompany, UnknownContact, UnknownTicket, UnknownEvent, UnknownCommitment,
    │   UnknownEscalation, UnknownConsultation, UnknownEntitlement, UnknownSurvey, UnknownMerge
    ├── MergedIntoItself, OwnParent
    ├── PersonErased
    ├── CompanyHidden     the reader has no right to this company
    ├── ReferenceTaken
    ├── ContentDiffers    the same external id came with other content
    ├── TooFarAhead       it is said to have happened in the future
    └── WrongVersion      the stream is not where the publisher expected it
"""


class Refused(Exception):
    """The desk says no, and why."""

    @property
    def code(self) -> str:
        """The refusal's stable name on the wire: the class in kebab case."""
        name = type(self).__name__
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


class Unreadable(Refused):
    """The report cannot be understood."""


class UnknownType(Unreadable):
    """No event has this type."""


class InvalidReport(Unreadable):
    """A field is missing, of a wrong kind or out of range."""


class TooLarge(Unreadable):
    """The event is larger than 256 KiB."""


class QueryRefused(Unreadable):
    """A filter, a search or a limit is out of range, or empty."""


class CursorRefused(Unreadable):
    """The text is not a cursor, was changed, or belongs to another company or filter."""


class Forbidden(Refused):
    """A rule forbids it."""


class CompanyHidden(Forbidden):
    """The reader has no right to this company."""


class AlreadyOpened(Forbidden):
    """The ticket was opened before."""


class AlreadyRegistered(Forbidden):
    """The company or contact is registered already."""


class AlreadyMade(Forbidden):
    """A promise, escalation, consultation, survey or version with this id exists already."""


class AlreadyMoved(Forbidden):
    """The ticket, or the event of it, is where it is to be moved to, or went elsewhere."""


class AlreadyMerged(Forbidden):
    """The ticket, contact or company goes on inside another one."""


class NotOpened(Forbidden):
    """Nobody opened this ticket."""


class NotRegistered(Forbidden):
    """Nobody registered this company or contact."""


class OtherCompany(Forbidden):
    """The stream belongs to another company, for ever."""


class OtherStream(Forbidden):
    """The event belongs into a stream of another kind."""


class UnknownCompany(Forbidden):
    """No company with this id is registered."""


class UnknownContact(Forbidden):
    """No contact with this id is registered."""


class UnknownTicket(Forbidden):
    """Nobody opened this other ticket."""


class UnknownEvent(Forbidden):
    """No such event stands in the ticket's stream."""


class UnknownCommitment(Forbidden):
    """Nobody made this promise."""


class UnknownEscalation(Forbidden):
    """Nobody raised this escalation."""


class UnknownConsultation(Forbidden):
    """Nobody asked for this consultation."""


class UnknownEntitlement(Forbidden):
    """Nobody granted this entitlement."""


class UnknownSurvey(Forbidden):
    """This survey was never sent."""


class UnknownMerge(Forbidden):
    """There is no such merge to revert."""


class MergedIntoItself(Forbidden):
    """A ticket, contact or company would, by this merge, go on inside itself."""


class OwnParent(Forbidden):
    """A company would belong to itself."""


class PersonErased(Forbidden):
    """The person's key is destroyed; nothing more is recorded about them."""


class ReferenceTaken(Forbidden):
    """Another company or contact holds this external id."""


class ContentDiffers(Forbidden):
    """The same external id was reported before with other content."""


class NotAlone(Forbidden):
    """Another report of the same atomic batch is refused."""


class TooFarAhead(Forbidden):
    """The event is said to have happened more than five minutes from now."""


class WrongVersion(Forbidden):
    """The stream is not at the version that the publisher expected.

    Attributes:
        current: The version the stream is at.
    """

    def __init__(self, stream_id: str, expected: int, current: int) -> None:
        super().__init__(
            f"{stream_id} is at version {current}, not at the expected {expected}; "
            f"read it again and report with expectedversion {current}"
        )
        self.current = current
