"""Costs are exact integers, whatever the prices."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.costs import Prices

prices = st.decimals(0, 10_000, places=4)
tokens = st.integers(0, 10**9)


def test_a_cost_is_prices_times_tokens_in_billionths() -> None:
    model = Prices(input=Decimal(3), cached_input=Decimal("0.3"), output=Decimal(15))
    # 800 × 3 + 200 × 0.3 + 100 × 15 = 3960 millionths
    assert model.cost_nano(input_tokens=1000, cached_input_tokens=200, output_tokens=100) == 3_960_000


def test_half_a_billionth_is_rounded_up() -> None:
    model = Prices(input=Decimal("0.0125"), cached_input=Decimal(0), output=Decimal(0))
    assert model.cost_nano(input_tokens=1, output_tokens=5) == 13


@given(prices, prices, prices, tokens, tokens)
def test_calls_together_cost_what_they_cost_apart_within_rounding(
    read: Decimal, cached: Decimal, write: Decimal, first: int, second: int
) -> None:
    model = Prices(read, cached, write)
    apart = [model.cost_nano(input_tokens=n, cached_input_tokens=n // 2, output_tokens=n) for n in (first, second)]
    together = model.cost_nano(
        input_tokens=first + second, cached_input_tokens=first // 2 + second // 2, output_tokens=first + second
    )
    assert abs(together - sum(apart)) <= 1


@pytest.mark.parametrize("price", ["-0.0001", "NaN", "Infinity"])
def test_a_price_below_nothing_or_that_is_no_number_is_refused(price: str) -> None:
    with pytest.raises(ValueError, match="output"):
        Prices(Decimal(1), Decimal(1), Decimal(price))


@pytest.mark.parametrize(("read", "cached", "written"), [(-1, 0, 0), (0, 1, 0), (0, 0, -1), (5, -1, 0)])
def test_impossible_tokens_are_refused(read: int, cached: int, written: int) -> None:
    with pytest.raises(ValueError, match="never"):
        Prices(Decimal(1), Decimal(1), Decimal(1)).cost_nano(
            input_tokens=read, cached_input_tokens=cached, output_tokens=written
        )
