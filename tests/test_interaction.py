"""The rule of an interaction: one touch, logged once."""

import pytest

from domain.errors import AlreadyMade
from domain.interaction import Interaction
from tests.deciding import decided
from tests.events import talked

STREAM = "interaction/call-1"


def test_an_interaction_is_logged_once() -> None:
    assert decided(Interaction(STREAM), talked()) == [talked().data]

    with pytest.raises(AlreadyMade, match="under a new id"):
        decided(Interaction.replay(STREAM, [talked()]), talked())
