"""The dossier: everything that is known of one company, as it stands or stood at any instant."""

from projections.dossier.asof import live, of, standings, stands, until
from projections.dossier.fold import NOTHING, Folded, fold
from projections.dossier.keeping import dossiers, forget

__all__ = [
    "NOTHING", "Folded", "dossiers", "fold", "forget", "live", "of", "standings", "stands", "until",
]  # fmt: skip
