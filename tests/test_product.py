"""The rules of a product: a version is released once."""

import pytest

from domain.errors import AlreadyMade
from domain.events.product import ProductVersionReleased
from domain.product import Product
from tests.deciding import decided
from tests.events import happened

STREAM = "product/playout-server"


def test_a_version_is_released_once() -> None:
    released = happened(ProductVersionReleased, STREAM, company=None, version="7.2")
    product = Product.replay(STREAM, [released])

    with pytest.raises(AlreadyMade, match=r"version 7\.2 of product/playout-server"):
        decided(product, released)

    assert decided(product, happened(ProductVersionReleased, STREAM, company=None, version="7.3"))
    assert product.company_id is None
