"""Who is one account: each rule by itself, what is refused, and laws on small made-up worlds."""

import pytest
from customer_worlds import RULES, Brute, Person, World, matched, parts, worlds
from hypothesis import given, settings
from hypothesis import strategies as st


def person(name: str, **attributes: str) -> Person:
    connector, _, id_ = name.partition("/")
    return Person(connector, id_, tuple(attributes.items()))


def joined(*people: Person, rules: tuple[str, ...] = RULES, **mapping: str) -> set[str]:
    """Each account's customers as one text."""
    links, _ = matched(World(people, rules, mapping.get("map", {})))
    return {" ".join(sorted(part)) for part in parts(links)}


def ambiguous(*people: Person, rules: tuple[str, ...] = RULES) -> set[str]:
    return matched(World(people, rules))[1]


def test_what_joins_two():
    pairs = [
        (person("billing/1", email="Ann@Acme.com"), person("other/1", email="ann@acme.com")),
        (person("billing/2", email="a@bee.io"), person("crm/2", domain="https://WWW.bee.io/x")),
        (person("billing/3", email="a@bücher.de"), person("crm/3", domain="xn--bcher-kva.de")),
        (person("billing/4"), person("crm/5", sid=" 4 ;t")),
        (person("billing/6", sid="7"), person("crm/7")),
    ]
    found = {f"{one.name} {other.name}" for one, other in pairs}
    assert joined(*(one for pair in pairs for one in pair)) == found


def test_what_joins_nobody():
    people = [
        *(person("billing/1", email="ann@gmail.com"), person("crm/1", domain="gmail.com")),
        *(person("billing/2", email="ann"), person("crm/2", email="ann")),
        *(person("billing/3", domain="acme"), person("crm/3", domain="acme")),
        *(person("billing/4", email="a@a.io"), person("billing/5", email="a@a.io")),
        *(person("billing/6", domain="b.io"), person("billing/7", domain="b.io")),
        *(person("crm/8", sid="9"), person("crm/9")),
        *(person("billing/10", parent="11"), person("crm/11")),
    ]
    assert matched(World(tuple(people), RULES)) == ({}, set())


def test_several_who_pay_join_one_company():
    people = [person(f"billing/{n}", email=f"{n}@acme.com") for n in "st"]
    assert joined(*people, person("crm/h", domain="acme.com")) == {"billing/s billing/t crm/h"}


def test_two_companies_of_one_domain_stay_two():
    people = [
        person("billing/s", email="a@acme.com"),
        *(person(f"crm/{n}", domain="acme.com") for n in "hi"),
    ]
    assert joined(*people) == set()
    assert ambiguous(*people) == {"billing/s"}


def test_two_companies_with_one_id_get_nobody():
    people = [person("billing/s"), person("crm/h", sid="s"), person("crm/i", sid="s")]
    assert joined(*people) == set()
    assert ambiguous(*people) == {"billing/s"}


def test_a_parent_and_its_child_are_one_company_only_where_that_is_asked_for():
    people = [
        person("billing/s", email="a@acme.com"),
        person("crm/h", domain="acme.com"),
        person("crm/i", domain="acme.com", parent="h"),
    ]
    assert joined(*people) == {"billing/s crm/h crm/i"}
    assert joined(*people, rules=("domain",)) == set()


def test_a_child_joins_what_the_map_made_of_its_parent():
    people = [person("billing/s"), person("crm/h", parent="i"), person("crm/i")]
    found = joined(*people, map={"billing/s": "acme", "crm/i": "acme"})
    assert found == {"billing/s crm/h crm/i"}


def test_the_rule_named_first_decides():
    people = [
        person("billing/s", email="a@acme.com"),
        person("crm/h", sid="s"),
        person("crm/i", domain="acme.com"),
    ]
    assert joined(*people, rules=("property:sid", "domain")) == {"billing/s crm/h"}
    assert joined(*people, rules=("domain", "property:sid")) == {"billing/s crm/i"}


def test_no_chain_of_matches_joins_two_companies():
    people = [
        person("crm/h", sid="s"),
        person("billing/s", email="a@x.io"),
        person("other/f", email="a@x.io", domain="acme.com"),
        person("crm/i", domain="acme.com"),
    ]
    assert joined(*people) == {"billing/s crm/h other/f"}


@pytest.mark.parametrize(
    ("mapping", "found"),
    [
        ({"billing/s": "acme", "crm/i": "acme"}, {"billing/s crm/i"}),
        ({"billing/s": "crm/i"}, {"billing/s crm/i"}),
        ({"billing/s": "billing/s"}, set()),
        ({"billing/s": "acme", "crm/h": "zeta"}, {"billing/s", "crm/h"}),
        ({"billing/s": "crm/none"}, {"billing/s crm/h"}),
    ],
)
def test_the_map_is_stronger_than_every_rule(mapping: dict[str, str], found: set[str]):
    people = [
        person("billing/s", email="a@acme.com"),
        person("crm/h", domain="acme.com"),
        person("crm/i"),
    ]
    assert joined(*people, map=mapping) == found


def test_a_company_joins_what_the_map_made_one():
    people = [
        person("billing/s", email="a@acme.com"),
        person("billing/t"),
        person("crm/h", domain="acme.com"),
    ]
    links, _ = matched(World(tuple(people), RULES, {"billing/s": "acme", "billing/t": "acme"}))
    assert links == {
        "billing/s": ("acme", "map"),
        "billing/t": ("acme", "map"),
        "crm/h": ("acme", "domain"),
    }


FEW = settings(max_examples=max(3, settings.default.max_examples // 8))


@FEW
@given(worlds())
def test_equal_with_brute_force(world: World):
    links, _ = matched(world)
    assert parts(links) == Brute(world).parts()
    for name, (account, rule) in links.items():
        assert rule in {*world.rules, "map"}
        assert rule == "map" or sum(other == account for other, _ in links.values()) > 1, name


@FEW
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_customers_and_rows_means_nothing(world: World, random):
    people, rows = list(world.people), list(world.map.items())
    random.shuffle(people)
    random.shuffle(rows)
    assert matched(World(tuple(people), world.rules, dict(rows))) == matched(world)


@FEW
@given(worlds())
def test_rules_alone_never_join_two_companies_but_by_parent(world: World):
    links, _ = matched(World(world.people, tuple(r for r in world.rules if r != "parent")))
    for part in parts(links):
        assert sum(name.startswith("crm/") for name in part) <= 1
