"""Starting the daemon: the plan, the lock, what is watched, and then the service."""

import logging
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

from tenure.daemon import traces
from tenure.daemon.crew import Speech
from tenure.daemon.heartbeat import beat
from tenure.daemon.jobs import Plan
from tenure.daemon.leader import lock_of
from tenure.daemon.service import Service, read_plan, speak
from tenure.daemon.turn import Ended, Turn
from tenure.errors import TenureError
from tenure.ledger.store import sqlite_path, this_process
from tenure.modes import open_to

log = logging.getLogger("tenure.daemon")


def start(path: Path, level: int, style: str, *, once: bool = False) -> int:
    """Run the daemon of a plugins.toml until it is told to stop; returns the exit code.

    Raises `ConfigError` for a file with mistakes, `TenureError` where another daemon runs.
    """
    speech = Speech(instance=f"{this_process()}/{token_hex(2)}", level=level, style=style)
    plan = read_plan(path, speech)
    speak(speech, plan)
    for warning in plan.warnings:
        log.warning("%s", warning)
    store = sqlite_path(plan.store)
    if store and (who := open_to(store)):
        log.warning("%s: %s may read it; run `chmod 600 %s`", store, who, store)
    log.info("jobs: %s", ", ".join(f"{job.name} ({job.schedule})" for job in plan.jobs))
    lock = lock_of(plan.store, speech.instance)
    service = Service(_at_once(plan) if once else plan, speech, lock, once=once)
    service.require_alone()  # before a port is taken: the other one has it, most likely
    with ExitStack() as stack:
        if not once:
            stack.callback(log.info, "this daemon stopped")
            watched(service, stack)
        return service.run()


def watched(service: Service, stack: ExitStack) -> None:
    """Show others how the service does, as its plan says."""
    settings = service.plan.settings
    if spans := traces.exporter():
        told, flush = traces.observer(spans, service.speech.instance)
        service.observers += (told,)
        stack.callback(flush)
    if settings.listen:
        from tenure.daemon.watch import Watch, serve  # noqa: PLC0415 - only where somebody listens

        watch = Watch(service)
        service.observers += (watch.ended,)
        service.after_turn.append(watch.turned)
        server = serve(watch, settings.listen)
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        log.info("listens on %s", settings.listen)
    service.after_turn.append(_beat)


def _beat(turn: Turn, ended: list[Ended]) -> None:
    url = turn.plan.settings.heartbeat
    if url and ended and turn.is_idle and turn.is_well:
        try:
            beat(url)
        except TenureError as error:
            log.warning("the heartbeat is left out: %s", error)


def _at_once(plan: Plan) -> Plan:
    """The plan without the little delays that spread work over time."""
    jobs = tuple(job.model_copy(update={"jitter": timedelta(0)}) for job in plan.jobs)
    return plan.model_copy(update={"jobs": jobs})
