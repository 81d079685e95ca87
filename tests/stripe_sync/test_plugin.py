"""The plugin as the core sees it: what it costs before it is used, and its options."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from tenure import ConfigError
from tenure.config import load
from tenure_connectors.stripe.options import StripeConfig

SECRET = "rk_live_aVerySecretKey"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_nothing_heavy_is_loaded_before_it_is_used():
    code = "from tenure_connectors import stripe; stripe.tenure_connectors(); import sys;"
    assert run(f"{code} print({{'stripe', 'msgspec', 'httpx'}} & set(sys.modules))") == "set()\n"


@pytest.mark.parametrize("lacking", ["stripe", "msgspec"])
def test_a_missing_extra_is_said_in_one_line(lacking):
    code = f"import sys; sys.modules[{lacking!r}] = None; sys.argv = ['tenure', 'plugins'];"
    said = run(f"{code} from tenure.cli import main; main()")
    line = next(line for line in said.splitlines() if line.startswith("stripe: "))
    assert line == (
        f"stripe: The connector 'stripe' needs what is not installed: {lacking}. "
        "Run `pip install 'tenure[stripe]'`"
    )


@pytest.mark.parametrize(
    ("key", "rate"),
    [("sk_test_1", 25), ("rk_test_1", 25), ("rk_live_1", None), ("sk_live_1", None)],
)
def test_test_mode_is_read_at_its_own_limit(key, rate):
    assert StripeConfig(api_key=key).requests_per_second == rate


def test_the_users_own_limit_wins():
    assert StripeConfig(api_key="sk_test_1", requests_per_second=3).requests_per_second == 3


def test_a_key_is_stripped_of_the_line_it_came_on():
    assert StripeConfig(api_key=f" {SECRET}\n").api_key.get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("key", "word"), [("pk_live_1", "publishable"), (" ", "empty"), ("é", "no key")]
)
def test_what_can_be_no_key_is_refused(key, word):
    with pytest.raises(ValidationError, match=word):
        StripeConfig(api_key=key)


def test_what_is_wrong_with_a_key_is_said_without_it(tmp_path):
    table = '[connectors.billing]\nuse = "stripe"\napi_key = "pk_live_9876"\n'
    (tmp_path / "plugins.toml").write_text(f'[tenure]\nstore = "sqlite:///l.db"\n{table}')
    with pytest.raises(ConfigError, match="is a publishable key") as raised:
        load(tmp_path / "plugins.toml")
    assert "9876" not in str(raised.value)


def test_the_key_is_in_no_representation():
    assert SECRET not in repr(StripeConfig(api_key=SECRET, webhook_secret=SECRET))
