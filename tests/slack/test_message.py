"""The message as people read it: of the demo's company, kept as it was agreed."""

import json

import pytest
from slack_demo import AGREED, agreed, pushed


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    return pushed(tmp_path_factory.mktemp("demo"))


def test_the_message_is_the_one_that_was_agreed(shown):
    assert agreed(shown) == json.loads(AGREED.read_text(encoding="utf-8"))


def test_its_figures_are_those_of_the_report(shown):
    (parent,) = shown.parents()
    figures = parent["metadata"]["event_payload"]["figures"]
    said = json.dumps(parent["blocks"], ensure_ascii=False)
    assert all(f"*{figures[name]}*" in said for name in ("NRR", "GRR", "end", "customers"))
