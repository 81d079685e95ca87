"""What a portal calls things: owners, pipelines with their stages, properties, its currency.

Each list is read when it is first asked for, so a pull in which nothing changed reads none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from tenure_connectors.hubspot.client import Api
from tenure_connectors.hubspot.options import HubSpotConfig, Rule
from tenure_connectors.hubspot.shapes import Described, Object, Owner, Pipeline, Stage

OWNER = "hubspot_owner_id"
_PLACED = ("hs_pipeline", "pipeline", "hs_pipeline_stage", "dealstage", "lifecyclestage")


@dataclass
class Directory:
    """The names of one portal."""

    api: Api
    config: HubSpotConfig

    def __post_init__(self) -> None:
        self.properties = cache(self._properties)
        self.pipelines = cache(self._pipelines)

    @cached_property
    def currency(self) -> str | None:
        """The currency of amounts that name none."""
        return self.config.currency or self.api.currency()

    @cached_property
    def _present(self) -> Mapping[str, str]:
        return self._owners(archived=False)

    @cached_property
    def _past(self) -> Mapping[str, str]:
        return self._owners(archived=True)

    def owner(self, key: str) -> str:
        """The name of an owner, of one who left, too; else the id."""
        return self._present.get(key) or self._past.get(key) or key

    def shown(self, described: Described, value: str | None) -> str | None:
        """The value of a company's property as people read it."""
        if not value:
            return None
        if described.name == OWNER or (described.referenced_object_type or "").upper() == "OWNER":
            return self.owner(value)
        if described.name in _PLACED:
            return self._place("companies", value)
        return value

    def is_won(self, deal: Object) -> bool:
        """Whether it is in a stage that the config names, else in a closed one of probability 1."""
        _, stage = self._where(deal)
        if self.config.stages:
            return not _names(stage, deal.get("dealstage")).isdisjoint(self.config.stages)
        if stage is None:  # its pipeline was deleted: HubSpot still knows
            return deal.get("hs_is_closed_won") == "true"
        return stage.is_won

    def kind(self, deal: Object) -> str | None:
        """What a deal is by the rules, a renewal without one; None for one that does not count."""
        if not (self.config.pipelines or self.config.rules):
            return "renewal" if self.is_won(deal) else None
        pipeline, stage = self._where(deal)
        line, step = _names(pipeline, deal.get("pipeline")), _names(stage, deal.get("dealstage"))
        if self.config.pipelines and line.isdisjoint(self.config.pipelines):
            return None
        fits = (r for r in self.config.rules if _fits(r, line, step, deal.get("dealtype")))
        rule = next(fits, None)
        if rule is not None and rule.kind in {"churn", "ignore"}:
            return rule.kind if rule.kind == "churn" else None
        if not self.is_won(deal):
            return None
        return rule.kind if rule is not None else "renewal"

    def unknown(self) -> list[str]:
        """Pipelines and stages of the config that the portal does not have."""
        there = self.pipelines("deals")
        lines = set().union(*(_names(one, None) for one in there.values()))
        stages = set().union(*(_names(s, None) for one in there.values() for s in one.stages))
        asked = [*self.config.pipelines, *(r.pipeline for r in self.config.rules if r.pipeline)]
        steps = [*self.config.stages, *(r.stage for r in self.config.rules if r.stage)]
        return [f"pipeline {one!r}" for one in dict.fromkeys(asked) if one not in lines] + [
            f"stage {one!r}" for one in dict.fromkeys(steps) if one not in stages
        ]

    def _where(self, deal: Object) -> tuple[Pipeline | None, Stage | None]:
        pipeline = self.pipelines("deals").get(deal.get("pipeline") or "")
        stages = pipeline.stages if pipeline else ()
        return pipeline, next((s for s in stages if s.id == deal.get("dealstage")), None)

    def _place(self, name: str, key: str) -> str:
        there = self.pipelines(name).values()
        labels = {one.id: one.label for one in there}
        labels |= {stage.id: stage.label for one in there for stage in one.stages}
        return labels.get(key) or key

    def _properties(self, name: str) -> Mapping[str, Described]:
        return {one.name: one for one in self.api.properties(name)}

    def _pipelines(self, name: str) -> Mapping[str, Pipeline]:
        return {one.id: one for one in self.api.pipelines(name)}

    def _owners(self, *, archived: bool) -> Mapping[str, str]:
        found, after = list[Owner](), None
        while True:
            page = self.api.owners(after, archived=archived)
            found += page.results
            if (after := page.after) is None:
                return {one.id: one.name for one in found}


def _names(of: Pipeline | Stage | None, key: str | None) -> set[str]:
    """What the config may call it."""
    return {one for one in (key, of and of.id, of and of.label) if one}


def _fits(rule: Rule, pipeline: set[str], stage: set[str], deal_type: str | None) -> bool:
    return (
        (rule.pipeline is None or rule.pipeline in pipeline)
        and (rule.stage is None or rule.stage in stage)
        and rule.deal_type in {None, deal_type}
    )
