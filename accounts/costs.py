"""What a generation costs: prices of a model times tokens, exactly, in billionths of the prices' currency."""

import dataclasses
from collections.abc import Iterable
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

NANO_PER_UNIT = 10**9
TOKENS_PER_PRICE = 10**6


@dataclasses.dataclass(frozen=True)
class Prices:
    """Currency units for a million tokens each; never negative."""

    input: Decimal
    cached_input: Decimal
    output: Decimal

    def __post_init__(self) -> None:
        for name, price in dataclasses.asdict(self).items():
            if not price.is_finite() or price < 0:
                raise ValueError(f"The price “{name}” must be 0 or more, not {price}.")

    @classmethod
    def highest(cls, several: "Iterable[Prices]") -> "Prices | None":
        """What a call costs at most that any of several models may answer; None when all of them are free."""
        each = [(prices.input, prices.cached_input, prices.output) for prices in several]
        most = [max(column) for column in zip(*each, strict=True)]
        return cls(*most) if any(most) else None

    def output_within(self, nano: int, *, input_tokens: int) -> int | None:
        """How many tokens of output so much pays for once the input is read; None: any number. May be negative."""
        if not self.output:
            return None
        left = Decimal(nano) * TOKENS_PER_PRICE / NANO_PER_UNIT - input_tokens * self.input
        return int((left / self.output).to_integral_value(ROUND_FLOOR))

    def cost_nano(self, *, input_tokens: int, output_tokens: int, cached_input_tokens: int = 0) -> int:
        """The cost in billionths; ``input_tokens`` includes ``cached_input_tokens``. Halves are rounded up."""
        fresh = input_tokens - cached_input_tokens
        if min(fresh, cached_input_tokens, output_tokens) < 0:
            raise ValueError("Tokens are never negative, and cached ones never more than all.")
        total = fresh * self.input + cached_input_tokens * self.cached_input + output_tokens * self.output
        return int((total * NANO_PER_UNIT / TOKENS_PER_PRICE).to_integral_value(ROUND_HALF_UP))
