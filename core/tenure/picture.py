"""The bridge of one period as a picture for a message, where a page has no place."""

from typing import NamedTuple

from tenure import charts
from tenure.charts import Look, Mark
from tenure.currency import minor_digits
from tenure.money import MICRO
from tenure.printing import MONEY, label, money
from tenure.report import Row

_LOOK = Look(width=520, height=240)
"""Chat clients show a picture about so wide: figures of eleven points stay readable."""
_LOSSES = {"down", "lost"}
_WHOLE = 1000 * MICRO
"""From such a balance on, a picture prints whole units."""


class Picture(NamedTuple):
    """A light PNG, and what it shows in words."""

    png: bytes
    words: str


def bridge_picture(row: Row, currency: str, *, scale: float = 2) -> Picture:
    """What moved MRR from the start of the row's period to its end."""
    bridge = _bridge(row, currency)
    spec = charts.waterfall(bridge, _LOOK)
    told = ", ".join(f"{name} {mark.printed}" for name, mark in bridge.items())
    cut = ". The axis does not begin at 0" if spec["usermeta"]["cut"] else ""
    return Picture(charts.png(spec, scale), f"MRR in {currency}, {label(row)}: {told}{cut}")


def _bridge(row: Row, currency: str) -> dict[str, Mark]:
    digits = 0 if max(row.start_mrr, row.end_mrr) >= _WHOLE else minor_digits(currency)
    found = {}
    for name, field in MONEY.items():
        if name == "fx" and not row.fx:
            continue
        value = getattr(row, field)
        signed = -value if name in _LOSSES else value
        plus = "" if name in {"start", "end"} else "+"
        found[name] = Mark(name, signed, money(signed, digits, plus=plus))
    return found
