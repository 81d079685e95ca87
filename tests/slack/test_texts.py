"""Whatever a ledger says, a message keeps Slack's limits, and nobody is called by it."""

import json
from dataclasses import replace
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import META
from slack_desk import moved, row, standing
from slack_limits import pings, problems

from tenure import Alert, MovementLog, Report
from tenure_sinks.slack.blocks import Shown, blocks
from tenure_sinks.slack.editions import Edition
from tenure_sinks.slack.story import tell, tell_alert
from tenure_sinks.slack.template import Templates
from tenure_sinks.slack.texts import clip, plain

NASTY = [
    "<!channel>", "<!here|here>", "<@U123>", "<#C1|x>", "@everyone", "*bold* _it_ ~no~ `code`",
    "```\n# x\n---\n[picture]", "a & b < c > d", "&lt;!channel&gt;", "x" * 10_000, "👩‍👧" * 3000,
    "\u202eevil\u202c שלום مرحبا", "{{ nrr }} {% raw %}", "<https://evil.test|your bank>",
    "\x00\ud800",
    "| a\n| b", "", " ", "<" * 500, "&" * 500,
]  # fmt: skip
names = st.sampled_from(NASTY) | st.text(max_size=200)


class Context:
    """As much of a sink's context as a story asks for."""

    def __init__(self, movements=(), customers=()):
        self.movements = lambda _: MovementLog(meta=META, movements=tuple(movements))
        self.customers = lambda **_: iter(customers)
        self.timezone = META.known_at.tzinfo
        self.dashboard = "https://nrr.test/?a=1&b=<2>"


class Config:
    owner = "owner"

    def band(self, _nrr):
        return "growing"


def edition(segments=(), **more):
    rows = [row("2025-10"), row(), *(replace(row(), segment=each) for each in segments)]
    made = Report(meta=META, rows=tuple(rows))
    usual = {"report": "monthly", "made": made, "row": rows[1], "before": rows[0],
             "year": rows[1], "is_latest": True}  # fmt: skip
    return Edition(**usual | more)


def messages(story):
    templates, shown = Templates("board", None), Shown(picture=("F1", "x"), segments=story.segments)
    for name in ("monthly", "details"):
        yield {"blocks": blocks(templates.render(name, story.values()), shown)}


@given(names, names, names, names, st.sampled_from([1, 5, 120]))
def test_a_message_keeps_the_limits_and_calls_nobody(customer, owner, attribute, value, many):
    found = [moved(customer, number + 1, reason=attribute) for number in range(many)]
    segments = [{attribute or "x": f"{value}{number}"} for number in range(many)]
    context = Context(found, [standing(customer, owner)])
    story = tell(edition(segments), context, Config(), value)
    for message in messages(story):
        assert problems(message) == []
        assert pings(message) == []


@given(names, names)
def test_an_alert_keeps_them_too(title, text):
    alert = Alert(key="k", kind="nrr_below", title=title, text=f"{text}\n{text}")
    values = tell_alert(alert, Context())
    message = {"blocks": blocks(Templates("board", None).render("alert", values), Shown())}
    assert (problems(message), pings(message)) == ([], [])


@given(names)
def test_a_name_is_one_line_that_formats_nothing(name):
    said = plain(name)
    assert len(said) <= 80
    assert "\n" not in said
    assert not {category(each) for each in said} & {"Cc", "Cs"}
    assert not said.startswith(("*", "_", "~", "`"))


@pytest.mark.parametrize(("name", "said"), [
    ("Bolt & Söhne", "Bolt & Söhne"),
    ("acme_corp", "acme_corp"),
    ("*bold* move", "\u2217bold\u2217 move"),
    ("two\nlines\tand\u202e more", "two lines and more"),
    ("👩‍👧 family", "👩‍👧 family"),
])  # fmt: skip
def test_a_usual_name_stays_as_it_is(name, said):
    assert plain(name) == said


@given(st.lists(names, max_size=80))
def test_any_text_of_a_template_fits(lines):
    text = "\n".join(line.replace("\ud800", "") for line in lines)
    marked = "\n\n".join(f"{mark}{text}" for mark in ("# ", "| ", "^ ", "---\n", "[segments]\n"))
    message = {"text": "x", "blocks": blocks(marked, Shown())}
    assert problems(message) == []


def test_what_does_not_fit_is_said():
    made = blocks("\n\n".join(f"paragraph {number}" for number in range(60)), Shown())
    assert len(made) == 50
    assert "and more than Slack takes" in json.dumps(made[-1])


def test_a_cut_leaves_no_half_escape():
    assert clip("Bolt &amp; Co", 9) == "Bolt…"
    assert clip("see <https://x.test|this page>", 20) == "see…"


def test_a_period_in_which_nothing_moved_says_so():
    _, details = messages(tell(edition(), Context(), Config(), ""))
    assert "Nothing moved." in json.dumps(details)


def test_a_segment_is_worth_a_look_by_what_it_kept_against_the_total():
    def part(name, start, lost):
        return replace(row(start_mrr=start, expansion=0, contraction=0, churn=lost,
                           end_mrr=start - lost), segment={"plan": name})  # fmt: skip

    total = row(start_mrr=1000, expansion=0, contraction=0, churn=100, end_mrr=900)
    parts = [part("big", 700, 20), part("bad", 260, 70), part("tiny", 40, 10)]
    made = Report(meta=META, rows=(total, *parts))
    story = tell(edition(made=made, row=total), Context(), Config(), "")
    assert [(one.name, one.lead) for one in story.worth_a_look] == [
        ("plan big", "+50.00"), ("plan bad", "-44.00"),
    ]  # fmt: skip
