"""The demo's company in Slack, on the fifth of a December.

Run by itself it writes what tests hold messages to (tests/slack/message.json), and the picture in
the docs (docs/slack.png): after a change that is meant, look at both.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import chdir
from datetime import date
from pathlib import Path

import respx
import time_machine
from slack_page import page
from slack_world import TOKEN, World

from tenure.cli import main
from tenure.demo.workspace import write

ROOT = Path(__file__).parents[2]
AGREED = ROOT / "tests" / "slack" / "message.json"
PICTURE = ROOT / "docs" / "slack.png"
SINK = """
[sinks.board]
use = "slack"
token = "${SLACK_BOT_TOKEN}"
channel = "#revenue"
api_base = "https://slack.test/api"
requests_per_second = 1000000
reports = ["monthly"]
"""


def pushed(folder: Path) -> World:
    """A Slack after the push of a demo's workspace in that folder."""
    made = World()
    with time_machine.travel("2025-12-05T09:00Z", tick=False), chdir(folder):
        write(Path("shop"), date(2025, 12, 5))
        os.chdir("shop")
        config = Path("plugins.toml").read_text()
        address = '[tenure]\ndashboard = "https://nrr.example.com"'
        Path("plugins.toml").write_text(config.replace("[tenure]", address) + SINK)
        Path(".env").write_text(f"SLACK_BOT_TOKEN={TOKEN}\n")
        assert main(["sync"]) == 0
        with respx.mock(base_url=made.base) as routes:
            routes.route().mock(side_effect=made)
            assert main(["push", "board"]) == 0
    return made


def agreed(world: World) -> list[dict[str, object]]:
    """The message and its details."""
    (parent,) = world.parents()
    details, _ = world.thread(parent["ts"])
    return [{name: one[name] for name in ("text", "blocks")} for one in (parent, details)]


def draw(world: World, folder: Path) -> None:
    """Draw the message as docs/slack.png."""
    files = {key: file["content"] for key, file in world.files.items()}
    drawn = folder / "slack.html"
    drawn.write_text(page(world.parents(), files))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    size = ["--force-device-scale-factor=1.25", "--window-size=680,770"]
    command = [str(shutil.which("chromium")), *flags, *size, f"--screenshot={PICTURE}"]
    subprocess.run([*command, drawn.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        shown = pushed(Path(place))
        text = json.dumps(agreed(shown), indent=1, ensure_ascii=False) + "\n"
        AGREED.write_text(text, encoding="utf-8")
        draw(shown, Path(place))
        sys.stdout.write(f"{AGREED}\n{PICTURE}\n")
