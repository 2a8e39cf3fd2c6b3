"""Wired by hand, in one place: settings in, the parts of a deployment out."""

from functools import cached_property
from typing import TYPE_CHECKING, Self

from domain.values import Reader
from projections import directory
from projections.cursor import Cursors
from projections.projection import Projection
from services.audit.reads import ReadAudit
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.control import Control, Keyring, keep_private
from services.decisions import Decisions
from services.desk import Desk
from services.feed import StoreFeed
from services.pairing import check_keys
from services.projector import Projector
from services.readmodel import ReadModels
from services.rebuild import Rebuilder, bring_to_version
from services.security import Keys
from services.store import Log

if TYPE_CHECKING:
    from services.bus import Topics
    from services.group.arrival import Arrival


class Deployment:
    """The parts of one deployment, each made when it is first asked for."""

    def __init__(self, settings: Settings | None = None, topics: "Topics | None" = None) -> None:
        self._topics = topics
        self.settings = settings or Settings()

    @cached_property
    def control(self) -> Control:
        """Keyring, secrets and API keys."""
        self._make_home()
        return Control(self.settings.control)

    @cached_property
    def keyring(self) -> Keyring:
        """The keys that seal and open text."""
        return Keyring(self.control)

    @cached_property
    def decisions(self) -> Decisions:
        """What operators decided of projections."""
        return Decisions(self.control)

    @cached_property
    def keys(self) -> Keys:
        """The API keys."""
        return Keys(self.control)

    @cached_property
    def desk(self) -> Desk:
        """The door for what happened.

        Raises:
            KeysMissing: If the control store is not the one that belongs to the store.
        """
        self._make_home()
        keep_private(self.settings.store)
        desk = Desk(self.settings.store, self.control, self.keyring)
        try:
            check_keys(desk.store, self.control)
        except BaseException:
            desk.close()
            raise
        return desk

    @property
    def log(self) -> Log:
        """The store's log."""
        return self.desk.store

    @cached_property
    def reads(self) -> ReadAudit:
        """The read audit of this process."""
        return ReadAudit(self.desk)

    @cached_property
    def cursors(self) -> Cursors:
        """What signs cursors."""
        return Cursors(self.control.secret("cursors"))

    @cached_property
    def feed(self) -> StoreFeed:
        """The store's log, opened."""
        return StoreFeed(self.log, self.keyring)

    @cached_property
    def models(self) -> ReadModels:
        """The read models."""
        self._make_home()
        keep_private(self.settings.read_models)
        return ReadModels(self.settings.read_models)

    @cached_property
    def projector(self) -> Projector:
        """What keeps embedded read models up to date."""
        return Projector(self.feed, self.models, self.decisions, PROJECTIONS.values())

    @cached_property
    def arrival(self) -> "Arrival":
        """What knows how far read models are that follow Kafka."""
        from services.bus import brokers_of
        from services.group.arrival import Arrival

        return Arrival(self.models, self.log, brokers_of(self.settings), self._topics)

    @cached_property
    def rebuilder(self) -> Rebuilder:
        """What builds read models anew."""
        return Rebuilder(self.feed, self.models, self.decisions, self.log.head)

    @property
    def is_embedded(self) -> bool:
        """Whether read models follow the store's log directly, without Kafka."""
        return not self.settings.kafka

    def catch_up(self) -> None:
        """Bring embedded read models up to date, building anew those of an older version."""
        if not self.is_embedded:
            return
        for projection in PROJECTIONS.values():
            bring_to_version(projection, self.rebuilder, self.models)
        self.projector.catch_up()

    def wait_for(self, projection: Projection, position: int, seconds: float) -> bool:
        """Wait until *projection* has folded *position*; say whether it did in time."""
        follows = self.projector if self.is_embedded else self.arrival
        return follows.wait_for(projection, position, seconds)

    def position_of(self, projection: Projection, company_id: str) -> int:
        """Say up to which position a company's events are folded."""
        if not self.is_embedded:
            return self.arrival.position_of(projection, company_id)
        marks = self.models.marks(self.models.view(projection))
        return max((mark.position for mark in marks.values()), default=0)

    def timeline_head(self, reader: Reader, company_id: str, *, roll_up: bool = False) -> int:
        """Say up to which position all is folded that is shown in a company's timeline."""
        timeline = PROJECTIONS["timeline"]
        if self.is_embedded:
            return self.position_of(timeline, company_id)
        view = self.models.view(PROJECTIONS["directory"])
        united = directory.companies_in(view, reader, company_id, roll_up=roll_up)
        return min(self.position_of(timeline, company) for company in united)

    def open(self) -> None:
        """Make the parts that requests share, before several threads ask for them at once."""
        follows = "projector" if self.is_embedded else "arrival"
        for part in ("desk", "models", "keys", follows, "reads", "cursors"):
            getattr(self, part)

    def close(self) -> None:
        """Close what was opened."""
        opened = self.__dict__
        for name in ("arrival", "desk", "models", "control"):
            if name in opened:
                opened.pop(name).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make_home(self) -> None:
        self.settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
