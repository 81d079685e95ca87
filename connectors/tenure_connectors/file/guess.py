"""Guess how a file is written: for `tenure init --from`, to be reviewed by a person."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from tenure import Json
from tenure_connectors.file.cells import Cell, is_empty, month_of, shown
from tenure_connectors.file.options import FileConfig, SourceFile
from tenure_connectors.file.tables import read

_ROWS = 500
_BYTES = 1 << 18
_SYNONYMS = {
    "customer": ("customer", "customer_id", "customer_oid", "customer_external_id", "account",
                 "account_id", "company_id", "client", "client_id", "customer_no",
                 "customer_number", "kunde", "kundennummer", "kunden_nr", "customer_email",
                 "email"),
    "customer_name": ("customer_name", "client_name", "company", "company_name", "account_name",
                      "kundenname", "firma", "name"),
    "subscription": ("subscription", "subscription_id", "subscription_oid",
                     "subscription_external_id"),
    "item": ("item", "item_id", "subscription_item", "line_item_id"),
    "plan": ("plan", "plan_name", "plan_id", "plan_oid", "price_id", "tier"),
    "product": ("product", "product_name", "product_id"),
    "start": ("start", "start_date", "started_at", "subscription_started_at", "started_at_utc",
              "start_date_utc", "created_utc", "activated_at", "service_period_start",
              "from", "started", "since", "begin", "begin_date", "valid_from", "started_on",
              "start_on", "contract_start", "signup_date", "signed_up", "beginn"),
    "end": ("end", "end_date", "ended_at", "ended_at_utc", "canceled_at", "canceled_at_utc",
            "cancelled_at", "subscription_canceled_at", "cancellation_date", "churned_at",
            "service_period_end", "to", "ended", "until", "cancelled", "canceled", "churned",
            "valid_to", "ended_on", "cancelled_on", "canceled_on", "churned_on", "churn_date",
            "cancel_date", "contract_end", "ende"),
    "month": ("month", "period", "date"),
    "mrr": ("mrr", "monthly_amount", "monthly_recurring_revenue", "customer_mrr", "mrr_amount",
            "monthly", "monthly_revenue", "monthly_fee", "monthly_price"),
    "amount": ("amount", "plan_amount", "price", "unit_amount", "unit_price"),
    "interval": ("interval", "plan_interval", "billing_period", "billing_interval", "period_unit"),
    "interval_count": ("interval_count", "plan_interval_count", "billing_period_count"),
    "quantity": ("quantity", "subscription_quantity", "seats", "units"),
    "currency": ("currency", "plan_currency", "currency_code"),
    "trial_end": ("trial_end", "trial_end_date", "trial_end_utc", "trial_ends_at"),
    "discount_percent": ("discount_percent", "discount_percentage"),
    "requested_at": ("requested_at", "cancel_requested_at", "cancellation_requested_at"),
}  # fmt: skip
_DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y-%m-%d %H:%M", "%d %b %Y")
_AMOUNTS = ("mrr", "amount", "quantity", "discount_percent")
_TIMES = ("start", "end", "trial_end", "requested_at")
_SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR"}
_CODES = ("EUR", "GBP", "INR", "USD", "CHF", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "JPY")
_IDS = re.compile(r"(^|[_\s-])(id|oid|uuid|key|email|url)$", re.IGNORECASE)


def guess(path: Path) -> Mapping[str, Json] | None:
    """Options for the file, and `_notes` for the person who reviews them."""
    written = _written(path)
    table = read(SourceFile(path, path.name), FileConfig(path=str(path), **written))
    if not table.header:
        return None
    rows = [[_text(cell) for cell in row.cells] for row in islice(table.rows, _ROWS)]
    columns = _columns(table.header)
    found = {ours: _said(rows, at) for ours, at in columns.items()}
    months = [at for at, name in enumerate(table.header) if month_of(name)]
    amounts = [cell for name in _AMOUNTS for cell in found.get(name, ())]
    amounts += [cell for at in months for cell in _said(rows, at)]
    notes = list(_notes(table.header, columns, found))
    if "currency" not in columns:
        _currency([*table.header, *amounts], notes)
    mapped: dict[str, Json] = {
        ours: table.header[at] for ours, at in columns.items() if table.header[at] != ours
    }
    guessed: dict[str, Json] = {**written, **_numbers(amounts, notes), **_date_format(found, notes)}
    guessed |= {"columns": mapped} if mapped else {}
    attributes: list[Json] = list(_attributes(table.header, columns, rows))
    guessed |= {"attributes": attributes} if attributes else {}
    return guessed | ({"_notes": list[Json](notes)} if notes else {})


def _text(cell: Cell) -> str:
    return "" if is_empty(cell) else shown(cell)


def _said(rows: Sequence[Sequence[str]], at: int) -> list[str]:
    """The cells of a column that say anything."""
    return [row[at] for row in rows if at < len(row) and row[at]]


def _written(path: Path) -> dict[str, Any]:
    """The encoding, and of csv the delimiter."""
    if path.suffix.lower() in {".xlsx", ".xlsm", ".parquet"}:
        return {}
    with path.open("rb") as file:
        data = file.read(_BYTES)
    encoding = _encoding(data)
    written = {"encoding": encoding} if encoding else {}
    first = data.decode(encoding or "utf-8-sig", errors="replace").lstrip().partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    if delimiter != "," and first.count(delimiter) and not first.startswith(("{", "[")):
        written["delimiter"] = delimiter
    return written


def _encoding(data: bytes) -> str | None:
    """What the bytes are, unless it is UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        is_cut = len(data) == _BYTES and error.start >= _BYTES - 4
        return None if is_cut else "cp1252"
    return None


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Our names by the first header that is one of their synonyms."""
    plain = [_plain(name) for name in header]
    found: dict[str, int] = {}
    for ours, names in _SYNONYMS.items():
        for name in names:
            if name in plain and plain.index(name) not in found.values():
                found[ours] = plain.index(name)
                break
    if "customer" not in found and "customer_name" in found:
        found["customer"] = found.pop("customer_name")
    if "start" in found:
        found.pop("month", None)
    if "mrr" in found:  # both would make every row unreadable
        for other in ("amount", "interval", "interval_count"):
            found.pop(other, None)
    return found


def _plain(name: str) -> str:
    """The header in small letters, without the currency that `MRR (EUR)` says."""
    said = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return re.sub(rf"_(in_)?({'|'.join(_CODES).lower()})$", "", said)


def _numbers(cells: Sequence[str], notes: list[str]) -> dict[str, Json]:
    """The signs in amounts, where any amount shows them."""
    plain = [re.sub(r"[^\d.,'\u2019]", "", cell) for cell in cells]
    commas = any(re.search(r",(\d{1,2}|\d{4,})$|\.\d{3},|\.\d{3}\.", cell) for cell in plain)
    other = "." if commas else ","
    signs = [sign for sign in (other, "'", "\u2019") if any(_groups(cell, sign) for cell in plain)]
    guessed: dict[str, Json] = {"decimal": ","} if commas else {}
    guessed |= {"thousands": signs[0]} if signs else {}
    if not commas and any(re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", cell) for cell in plain):
        notes.append("1.234 was read as 1 and a bit: if it means 1234, set decimal, thousands")
    return guessed


def _groups(cell: str, sign: str) -> bool:
    """Whether this sign stands between thousands."""
    return re.search(rf"\d{re.escape(sign)}\d{{3}}(?!\d)", cell) is not None


def _date_format(found: Mapping[str, list[str]], notes: list[str]) -> dict[str, Json]:
    """The format that fits most dates; a few that are wrong do not hide it."""
    cells = [cell for name in _TIMES for cell in found.get(name, ())]
    odd = [cell for cell in cells if not _is_iso(cell)]
    fits = {form: sum(_fits(cell, form) for cell in cells) for form in _DATES}
    most = max(fits.values())
    if len(odd) * 2 < len(cells) or not odd:
        return {}
    if most * 2 <= len(cells):
        notes.append(f"dates such as {odd[0][:40]!r} fit no format that is known: add date_format")
        return {}
    fitting = [form for form, count in fits.items() if count == most]
    if len(fitting) > 1:
        notes.append(f"dates fit {' and '.join(fitting)}: check date_format")
    if wrong := next((cell for cell in cells if not _fits(cell, fitting[0])), None):
        notes.append(f"{wrong[:40]!r} is no date like the others: its row will be quarantined")
    return {"date_format": fitting[0]}


def _currency(texts: Iterable[str], notes: list[str]) -> None:
    """Say so where amounts are in a currency that [tenure] may not state."""
    said = " ".join(texts)
    shown = {code: sign for sign, code in _SIGNS.items() if sign in said}
    for code in re.findall(rf"(?<![A-Za-z])(?:{'|'.join(_CODES)})(?![A-Za-z])", said):
        shown.setdefault(code, code)
    shown.pop("USD", None)  # `init` writes it
    for code, sign in shown.items():
        notes.append(f'amounts show {sign}: set currency = "{code}" under [tenure]')


def _is_iso(cell: str) -> bool:
    try:
        datetime.fromisoformat(cell)
    except ValueError:
        return False
    return True


def _fits(cell: str, form: str) -> bool:
    try:
        datetime.strptime(cell, form)  # noqa: DTZ007 - only whether it fits
    except ValueError:
        return False
    return True


def _attributes(
    header: Sequence[str], columns: Mapping[str, int], rows: Sequence[Sequence[str]]
) -> list[str]:
    """Columns left over that hold a few words again and again."""
    found = []
    for at, name in enumerate(header):
        values = {row[at] for row in rows if at < len(row) and row[at]}
        few = 1 < len(values) <= max(2, min(50, len(rows) // 3))
        words = all(not re.fullmatch(r"[\d.,:\-/ ]+", value) for value in values)
        is_other = at not in columns.values() and not _IDS.search(name) and not month_of(name)
        if is_other and few and words:
            found.append(name)
    return found


def _notes(
    header: Sequence[str], columns: Mapping[str, int], found: Mapping[str, list[str]]
) -> list[str]:
    notes = []
    amount = header[columns["amount"]] if "amount" in columns else ""
    if amount and all(cell.isdigit() for cell in found["amount"] if cell):
        notes.append(
            f"{amount} has whole numbers only: if they are cents, divide them by 100 first"
        )
    wide = any(map(month_of, header))
    for ours, is_wanted in (
        ("customer", True),
        ("start", "month" not in columns and not wide),
        ("mrr", "amount" not in columns and not wide),
    ):
        if is_wanted and ours not in columns:
            notes.append(f"no column looks like the {ours}: add it under columns")
    return notes
