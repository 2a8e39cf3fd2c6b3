"""What must hold after any storm: each check lists what does not, and all of them nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence

import orjson

from services.catalogue import PROJECTIONS
from services.headers import key_of, public_place_of
from services.parking import Parking
from services.store import Row
from tests.broker.deployed import Deployed
from tests.broker.inboxes import rejects
from tests.broker.kill.ledger import Ledger

SHOWN = 5
"""How many of one kind are listed, beside their number."""


def violations(deployed: Deployed, ledger: Ledger, *projections: str) -> list[str]:
    """List everything that is wrong, in the store, on the bus and in the read models."""
    rows = deployed.rows()
    names = projections or tuple(PROJECTIONS)
    return [
        *ledger.complaints,
        *_of_store(rows, ledger),
        *_of_order(rows),
        *_of_bus(deployed, rows),
        *_of_public_bus(deployed, rows),
        *_of_inbox(deployed, ledger),
        *_of_read_models(deployed, names),
        *(_of_timeline(deployed, rows) if "timeline" in names else ()),
    ]


def _of_store(rows: Sequence[Row], ledger: Ledger) -> Iterator[str]:
    """Each acknowledged event stands there once, where it was said to; nothing nobody sent."""
    places: dict[str, list[int]] = {}
    for row in rows:
        places.setdefault(_external_id(row), []).append(row.position)
    yield from _listed("doubled in the store", [n for n, found in places.items() if len(found) > 1])
    yield from _listed("in the store, and nobody sent it", sorted(places.keys() - ledger.sent))
    lost = [name for name in ledger.told if name not in places]
    yield from _listed("acknowledged, and not in the store", lost)
    moved = [n for n, told in ledger.told.items() if n in places and places[n][:1] != [told[0]]]
    yield from _listed("not at the acknowledged position", moved)
    bad = sorted(places.keys() & ledger.bad)
    yield from _listed("recorded, and should have been rejected", bad)


def _of_order(rows: Sequence[Row]) -> Iterator[str]:
    """Companies and streams are numbered without holes, along the positions; time never falls."""
    by_company: dict[str, list[int]] = {}
    by_stream: dict[str, list[int]] = {}
    for row in rows:
        by_stream.setdefault(row.stream_id, []).append(row.stream_version)
        if row.company_id is not None:
            by_company.setdefault(row.company_id, []).append(row.company_seq or 0)
    for kind, found in (("company", by_company), ("stream", by_stream)):
        holes = [name for name, numbers in found.items() if not _is_dense(numbers)]
        yield from _listed(f"{kind} not numbered 1, 2, 3, … along the positions", holes)
    times = [row.committed_at for row in rows]
    if times != sorted(times):
        yield "the recorded clock falls along the positions"


def _of_bus(deployed: Deployed, rows: Sequence[Row]) -> Iterator[str]:
    """Every partition holds its events, first occurrences in order, as they are stored."""
    published: list[Row] = []
    for part, found in enumerate(deployed.published(deployed.topics.events)):
        firsts = list(dict.fromkeys(found))
        published += firsts
        positions = [row.position for row in firsts]
        if positions != sorted(positions):
            yield f"partition {part} is out of order"
    stored = {row for row in rows if not row.stream_id.startswith("reads/")}
    missing = sorted(row.position for row in stored.difference(published))
    yield from _listed("missing on the bus", missing)
    phantoms = sorted(row.position for row in set(published).difference(rows))
    yield from _listed("on the bus, and not so in the store", phantoms)


def _of_public_bus(deployed: Deployed, rows: Sequence[Row]) -> Iterator[str]:
    """The public topic numbers what each company may see 1, 2, 3, …, and leaves nothing out."""
    seen: dict[str, list[int]] = {}
    for records in deployed.records(deployed.topics.public):
        for record in dict.fromkeys(public_place_of(r.key, r.headers) for r in records):
            seen.setdefault(record[0], []).append(record[1])
    holes = [company for company, numbers in seen.items() if not _is_dense(numbers)]
    yield from _listed("not numbered 1, 2, 3, … for the public", holes)
    wanted = Counter(key_of(row).decode() for row in rows if row.public_seq is not None)
    found = Counter({company: len(numbers) for company, numbers in seen.items()})
    yield from _listed("not all there for the public", sorted(wanted - found))


def _of_inbox(deployed: Deployed, ledger: Ledger) -> Iterator[str]:
    """What Kafka took is recorded, or stands among the rejects, once for each record."""
    if not ledger.taken:
        return
    recorded = {_external_id(row) for row in deployed.rows()}
    lost = [name for name in ledger.taken if name not in ledger.bad and name not in recorded]
    yield from _listed("taken by the inbox, and not in the store", lost)
    rejected = Counter(
        (int(said["partition"]), int(said["offset"])) for _, said in rejects(deployed)
    )
    doubled = [place for place, count in rejected.items() if count > 1]
    yield from _listed("rejected twice", doubled)
    bad = {place for name in ledger.bad for place in ledger.taken.get(name, ())}
    yield from _listed("bad, and not among the rejects", sorted(bad - rejected.keys()))


def _of_read_models(deployed: Deployed, names: Sequence[str]) -> Iterator[str]:
    """Nothing waits, and the tables are what a clean rebuild makes of the store."""
    live, rebuilt = deployed.digests(), deployed.embedded_digests()
    for name in names:
        parked = Parking(deployed.models).all(deployed.models.view(PROJECTIONS[name]))
        yield from _listed(f"parked by {name}", [f"{p.position} {p.reason}" for p in parked])
        if live[name] != rebuilt[name]:
            yield f"{name} is not what the store says"


def _of_timeline(deployed: Deployed, rows: Sequence[Row]) -> Iterator[str]:
    """Every event of a company stands on its timeline once, with its own number."""
    view = deployed.models.view(PROJECTIONS["timeline"])
    found = view.all(
        "SELECT company_id, company_seq, position FROM {entries} ORDER BY company_id, company_seq"
    )
    ours = [row for row in rows if row.company_id is not None]
    wanted = [(row.company_id, row.company_seq, row.position) for row in ours]
    wanted.sort()
    if found == wanted:
        return
    doubled = [entry for entry, count in Counter(found).items() if count > 1]
    yield from _listed("twice on the timeline", doubled)
    yield from _listed("not on the timeline", sorted(set(wanted) - set(found)))
    yield from _listed("on the timeline in vain", sorted(set(found) - set(wanted)))


def _external_id(row: Row) -> str:
    return str(orjson.loads(row.state)["source"]["external_id"])


def _is_dense(numbers: Sequence[int]) -> bool:
    return list(numbers) == list(range(1, len(numbers) + 1))


def _listed(what: str, found: Sequence[object]) -> Iterator[str]:
    """Say how many there are of a kind, and name the first; nothing, if there are none."""
    if found:
        yield f"{len(found)} {what}: {', '.join(map(str, found[:SHOWN]))}"
