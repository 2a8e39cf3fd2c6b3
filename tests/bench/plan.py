"""What is measured, in the order in which it is printed."""

from collections.abc import Callable, Iterator
from typing import Final

from tests.bench import (
    append,
    arriving,
    dossiers,
    following,
    importing,
    paging,
    projecting,
    relaying,
    replaying,
    scaling,
    sealing,
    serving,
    starting,
)
from tests.bench.harness import Figure
from tests.bench.places import Bench

Measure = Callable[[Bench], Iterator[Figure]]

PLAN: Final[dict[str, tuple[Measure, ...]]] = {
    "P1": (append.one_a_commit,),
    "P2": (append.twenty_a_commit,),
    "P3": (append.eight_writers,),
    "P4": (importing.imports,),
    "P5": (replaying.load,),
    "P6": (relaying.relays,),
    "P7": (arriving.folds,),
    "P8": (projecting.rebuilds,),
    "P9": (arriving.visible,),
    "P10": (following.visible,),
    "P11": (paging.pages,),
    "P12": (serving.pages,),
    "P13": (dossiers.cards_and_instants,),
    "P15": (replaying.steps,),
    "P18": (sealing.sealed,),
    "P19": (starting.processes,),
    "P20": (scaling.shared,),
}
