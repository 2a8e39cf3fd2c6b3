"""The one list of what is projected."""

from typing import Final

from projections.directory import directory
from projections.dossier.keeping import dossiers
from projections.projection import Projection
from projections.tickets import tickets
from projections.timeline import timeline

PROJECTIONS: Final[dict[str, Projection]] = {
    projection.name: projection for projection in (timeline, directory, tickets, dossiers)
}
