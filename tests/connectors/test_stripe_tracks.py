"""One fact over time, from statements of different trust."""

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tenure_connectors.stripe.life.tracks import Said, Step, Trust, fold, in_force

SEEN, BILLED, GUESSED = Trust.OBSERVED, Trust.INFERRED, Trust.ASSUMED


def told(*statements, start=0, gaps=()):
    return [(step.at, step.value, step.trust) for step in fold(statements, start, gaps)]


def since(at, value, trust=BILLED, order=0):
    return Said(at, value, trust, f"ref_{at}", order=order)


def until(at, value, trust=SEEN, order=0):
    return Said(at, value, trust, f"ref_{at}", before=True, order=order)


def test_the_first_statement_is_projected_back_to_the_start():
    assert told(since(10, "a")) == [(0, "a", GUESSED), (10, "a", BILLED)]


def test_what_is_said_again_is_no_step_unless_it_is_known_better():
    assert told(since(0, "a"), since(10, "a"), since(20, "a", SEEN)) == [
        (0, "a", BILLED), (20, "a", SEEN),
    ]  # fmt: skip


def test_the_stronger_of_two_at_one_instant_counts():
    assert told(since(0, "a", SEEN), since(0, "b")) == [(0, "a", SEEN)]


def test_what_nothing_explains_changed_just_after_the_last_statement():
    assert told(since(0, "a"), since(10, "a"), until(30, "b")) == [
        (0, "a", BILLED), (11, "b", GUESSED),
    ]  # fmt: skip


def test_a_statement_of_before_confirms_up_to_its_instant():
    assert told(since(0, "a"), until(20, "a"), until(30, "b")) == [
        (0, "a", BILLED), (20, "b", GUESSED),
    ]  # fmt: skip


def test_what_was_before_and_what_came_of_it():
    change = (until(10, "a", order=1), since(10, "b", SEEN, order=1))
    assert told(*change) == [(0, "a", GUESSED), (10, "b", SEEN)]


def test_in_a_gap_between_two_observations_that_agree_the_weaker_counts():
    said = [since(0, "a", SEEN), since(10, "b"), since(20, "a"), until(30, "a")]
    assert told(*said) == told(*said, gaps=[(30, 40)]) == [(0, "a", SEEN)]
    assert told(*said, gaps=[(5, 15)]) == [(0, "a", SEEN), (10, "b", BILLED), (20, "a", BILLED)]


def test_a_change_that_is_dated_already_is_not_undone_by_the_event_that_saw_it():
    change = (until(12, "a", order=1), since(12, "b", SEEN, order=1))
    assert told(since(0, "a"), since(10, "b"), *change) == [
        (0, "a", BILLED), (10, "b", BILLED), (12, "b", SEEN),
    ]  # fmt: skip


def test_two_observations_that_agree_leave_no_room_for_a_change():
    around = (since(10, "a", SEEN, order=1), until(30, "a", order=2))
    assert told(since(0, "a"), *around, since(20, "b")) == [(0, "a", BILLED), (10, "a", SEEN)]


def test_two_that_differ_do():
    around = (since(10, "a", SEEN, order=1), until(30, "b", order=2))
    assert told(since(0, "a"), *around, since(20, "b"))[1:] == [(10, "a", SEEN), (20, "b", BILLED)]


def test_the_step_in_force():
    steps = [Step(0, "a", SEEN, ""), Step(10, "b", SEEN, "")]
    assert [getattr(in_force(steps, at), "value", None) for at in (-1, 0, 9, 10, 99)] == [
        None, "a", "a", "b", "b",
    ]  # fmt: skip


statements = st.lists(
    st.builds(
        Said,
        st.integers(1, 20),
        st.sampled_from("abc"),
        st.sampled_from(Trust),
        st.sampled_from(["r1", "r2", "r3"]),
        st.booleans(),
        st.integers(0, 3),
    ),
    min_size=1,
    unique_by=lambda said: (said.at, said.trust, said.order, said.before, said.ref),
)


@given(statements, st.randoms(use_true_random=False))
def test_a_track_does_not_depend_on_the_order_of_what_was_said(said, random: Random):
    shuffled = list(said)
    random.shuffle(shuffled)
    assert fold(shuffled, 0) == fold(said, 0)


@given(statements)
def test_steps_are_in_order_from_the_start_and_each_says_something_new(said):
    steps = fold(said, 0)
    assert steps[0].at == 0
    for one, following in pairwise(steps):
        assert one.at < following.at
        assert one.value != following.value or one.trust < following.trust
