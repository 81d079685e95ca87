"""`tenure movements` and `tenure explain`, as typed."""

import json
from pathlib import Path

import pytest

from tenure.cli import main

CONFIG = """
[connectors.history]
use = "file"
path = "s.csv"
"""
ROWS = """customer,plan,start,end,mrr,requested_at
Acme,pro,2025-01-01,2025-03-15,100,
Acme,pro,2025-03-15,,150,
Bolt,pro,2025-01-01,2025-03-20,80,2025-03-02
"""


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Type a command in a workspace with a ledger; returns exit code, stdout, stderr."""
    (tmp_path / "plugins.toml").write_text(CONFIG)
    (tmp_path / "s.csv").write_text(ROWS)
    monkeypatch.chdir(tmp_path)
    assert main(["sync", "--quiet"]) == 0
    capsys.readouterr()

    def run(*words: str):
        code = main(list(words))
        return code, *capsys.readouterr()

    return run


def test_movements_say_why(typed):
    code, out, _ = typed("movements", "--from", "2025-03", "--to", "2025-03")
    assert code == 0
    acme, bolt = (" ".join(line.split()) for line in out.splitlines()[1:3])
    assert acme == "2025-03-15 Acme expansion 100.00 150.00 +50.00 price"
    assert bolt == "2025-03-20 Bolt churn 80.00 0.00 -80.00 product_removed (requested)"
    assert "2 movements, -30.00 USD a month" in out


def test_movements_for_programs(typed):
    found = json.loads(typed("movements", "--from", "2025-03", "--format", "json")[1])["movements"]
    assert [(m["customer"], m["change"]) for m in found] == [
        ("Acme", "+50.000000"),
        ("Bolt", "-80.000000"),
    ]
    lines = typed("movements", "--from", "2025-03", "--format", "csv")[1].splitlines()
    assert lines[1].endswith(",expansion,100.000000,150.000000,+50.000000,price")


def test_a_ratio_is_explained_down_to_its_customers(typed):
    code, out, _ = typed("explain", "2025-03")
    assert code == 0
    assert out.startswith("2025-03: NRR 83.33 % = 150.00 ÷ 180.00 USD")
    assert [" ".join(line.split()) for line in out.splitlines()[2:4]] == [
        "Bolt churn 80.00 0.00 -80.00",
        "Acme expansion 100.00 150.00 +50.00",
    ]
    assert "the parts add up to -30.00" in out


def test_a_customer_is_explained_down_to_the_file_s_lines(typed):
    code, out, _ = typed("explain", "--customer", "Bolt")
    assert code == 0
    assert all(f"s.csv:{line}" in out for line in (4,))
    points = json.loads(typed("explain", "--customer", "Bolt", "--format", "json")[1])["points"]
    assert [(p["state"], p["ends_at"]) for p in points] == [
        ("active", None),
        ("active", "2025-03-20T00:00:00Z"),
        ("ended", None),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain"], "Say what to explain"),
        (["explain", "2025-03", "--customer", "Acme"], "Say what to explain"),
        (["explain", "soon"], "names no period"),
        (["explain", "--customer", "Acmee"], "Did you mean 'Acme'?"),
        (["movements", "--from", "2031"], "has not begun yet"),
    ],
)
def test_what_cannot_be_explained(typed, words, said):
    code, out, err = typed(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_a_customer_is_known_by_its_connector_and_id_as_accounts_are_called(typed):
    plain, named = (typed("explain", "--customer", id_) for id_ in ("Acme", "history/Acme"))
    assert (named[0], named[1].splitlines()[1:-1]) == (0, plain[1].splitlines()[1:-1])
    assert typed("explain", "--customer", "crm/Acme")[0] == 2


def test_what_other_systems_call_a_customer_does_not_drive_the_terminal(typed):
    name = "\x1b[31mRed\u202e\nline " + "A" * 3000
    Path("s.csv").write_text(f'customer,start,mrr\n"{name}",2025-01-01,5\n')
    typed("sync", "--accept-loss")
    for words in (
        ("customers",),
        ("movements", "--from", "2025-01"),
        ("explain", "2025-01", "--metric", "new"),
    ):
        out = typed(*words)[1]
        (row,) = [line for line in out.splitlines() if "Red" in line]
        assert not {"\x1b", "\u202e"} & set(out)
        assert "line AAA" in row
        assert len(row) < 200
