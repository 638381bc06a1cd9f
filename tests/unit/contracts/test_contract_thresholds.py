"""The two levels of failure: up to the threshold a batch lands, above it the whole batch is refused."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from observes_assets.contracts import Violation
from observes_assets.landing.refusal import BatchRefusedError, check_quality
from tests.unit.contracts.shop import parsed


def judge(read: int, refused: int, *, limits_apply: bool = True) -> None:
    """Judge a batch of the shop, whose contract lets one record or 29 % of them be refused."""
    one = SimpleNamespace(line=1, key="k", violation=Violation("$.amount", "Expected `float`"))
    reader = SimpleNamespace(contract=parsed().streams["orders"], line_count=read, refused=[one] * refused)
    manifest = SimpleNamespace(record_count=read, title="batch 1 of shop/orders")
    check_quality(cast(Any, reader), cast(Any, manifest), limits_apply=limits_apply)


@pytest.mark.parametrize(("read", "refused"), [(2, 1), (3, 1), (100, 29)])
def test_up_to_the_threshold_a_batch_lands_and_above_it_is_refused(read: int, refused: int) -> None:
    judge(read, refused)
    with pytest.raises(
        BatchRefusedError, match=f"{refused + 1} of {read} records break the contract, {refused} may"
    ):
        judge(read, refused + 1)
    judge(read, refused + 1, limits_apply=False)  # a person has accepted it
