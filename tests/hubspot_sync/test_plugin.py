"""The plugin as the core sees it: what it costs before it is used, and its options."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from tenure_connectors.hubspot.options import HubSpotConfig

SECRET = "pat-na1-aVerySecretToken"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_nothing_heavy_is_loaded_before_it_is_used():
    code = "from tenure_connectors import hubspot as h; h.tenure_connectors(); import sys;"
    heavy = "{'hubspot', 'urllib3', 'msgspec', 'httpx'}"
    assert run(f"{code} print({heavy} & set(sys.modules))") == "set()\n"


@pytest.mark.parametrize(
    ("module", "package"), [("hubspot", "hubspot-api-client"), ("msgspec", "msgspec")]
)
def test_a_missing_extra_is_said_in_one_line(module, package):
    code = (
        f"import sys; sys.modules[{module!r}] = None; from tenure_connectors import hubspot as h;"
    )
    said = run(f"{code}\ntry: h.tenure_connectors()\nexcept Exception as error: print(error)")
    assert f"needs what is not installed: {package}" in said
    assert "pip install 'tenure[hubspot]'" in said


def config(**options):
    return HubSpotConfig(**{"token": SECRET} | options)


def test_a_token_is_stripped_of_the_line_it_came_on():
    assert config(token=f" {SECRET}\n").token.get_secret_value() == SECRET


def test_the_token_is_in_no_representation():
    assert SECRET not in repr(config())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"token": " "}, "empty"),
        ({"token": "pät"}, "no token has"),
        ({"attributes": {"parent": "hs_x"}}, "is the parent company already"),
        ({"attributes": {"owner": "Company owner"}}, "no internal name"),
        ({"currency": "Dollar"}, "is no currency"),
        ({"revenue": "deals"}, "line_items"),
        ({"revenue": {"object": "deals"}}, "amount"),
        ({"rules": [{"kind": "loss"}]}, "churn"),
        ({"renewal_gap_days": -1}, "greater than or equal to 0"),
        ({"company": "last"}, "primary"),
    ],
)
def test_what_can_be_no_option_is_refused(options, said):
    with pytest.raises(ValidationError, match=said):
        config(**options)


def test_an_attribute_is_a_property_or_a_table():
    found = config(
        attributes={"a": "industry", "b": {"property": "hubspot_owner_id", "history": 1}}
    )
    assert [(m.property, m.history) for m in found.attributes.values()] == [
        ("industry", False),
        ("hubspot_owner_id", True),
    ]
