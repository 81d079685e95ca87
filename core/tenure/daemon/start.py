"""Starting the daemon: the plan, the lock, what is watched, and then the service."""

import logging
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

from tenure.daemon.crew import Speech
from tenure.daemon.jobs import Plan
from tenure.daemon.leader import lock_of
from tenure.daemon.service import Service, read_plan, speak
from tenure.ledger.store import HOLDER

log = logging.getLogger("tenure.daemon")


def start(path: Path, level: int, style: str, *, once: bool = False) -> int:
    """Run the daemon of a plugins.toml until it is told to stop; returns the exit code.

    Raises `ConfigError` for a file with mistakes, `TenureError` where another daemon runs.
    """
    speech = Speech(instance=f"{HOLDER}/{token_hex(2)}", level=level, style=style)
    plan = read_plan(path, speech)
    speak(speech, plan)
    for warning in plan.warnings:
        log.warning("%s", warning)
    log.info("jobs: %s", ", ".join(f"{job.name} ({job.schedule})" for job in plan.jobs))
    service = Service(plan, speech, lock_of(plan.store, speech.instance), once=once)
    if once:
        service.plan = _at_once(plan)
    return service.run()


def _at_once(plan: Plan) -> Plan:
    """The plan without the little delays that spread work over time."""
    jobs = tuple(job.model_copy(update={"jitter": timedelta(0)}) for job in plan.jobs)
    return plan.model_copy(update={"jobs": jobs})
