"""Bulk API 2.0: a job takes a CSV of records, and says when it is over which of them it refused.

    create ──► upload ──► close ──► wait ──► what failed

A job that was closed goes on by itself whatever becomes of this process. So nothing is written, nor
compared, while one of ours is unfinished: it would write older values over newer ones. One that was
left open never starts, and Salesforce removes it after seven days.
"""

import csv
import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenure import SourceError, TransientError
from tenure_sinks.beside import Values
from tenure_sinks.salesforce.session import API, BAD, Problem, Session, pages, parsed, problems

LARGEST = 100 * 10**6
"""Bytes of a CSV: 150 MB is the limit, counted in base64."""

_JOBS = f"{API}/jobs/ingest"
_RUNNING = ("UploadComplete", "InProgress")
_NOTHING = "#N/A"
"""What removes a value; an empty cell leaves it alone."""
_FIRST_WAIT, _LONGEST_WAIT, _PATIENCE = 2.0, 30.0, 3600.0


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs that update one object as the user of the app."""

    session: Session
    table: str
    sleep: Callable[[float], None] = time.sleep

    def settle(self) -> None:
        """Wait for the jobs that an earlier delivery has left behind."""
        for job in pages(self.session, _JOBS, params={"jobType": "V2Ingest"}):
            what = (job.get("createdById"), job.get("object"), job.get("operation"))
            if what == (self.session.user, self.table, "update") and job["state"] in _RUNNING:
                self._over(str(job["id"]))

    def update(self, records: Mapping[str, Values], largest: int = LARGEST) -> dict[str, Problem]:
        """Write values of records, by Id; why some of them were refused."""
        refused: dict[str, Problem] = {}
        for rows, text in _files(records, largest):
            refused |= self._run(rows, text)
        return refused

    def _run(self, rows: int, text: bytes) -> dict[str, Problem]:
        what = {"object": self.table, "operation": "update", "lineEnding": "LF"}
        job = str(self.session.json("POST", _JOBS, json=what)["id"])
        kind = {"Content-Type": "text/csv"}
        # Accepted before, its answer lost: refused now. How the job goes on tells which it was.
        sent = self.session.send(
            "PUT", f"{_JOBS}/{job}/batches", content=text, headers=kind, accept=(BAD,)
        )
        closed = self.session.send(
            "PATCH", f"{_JOBS}/{job}", json={"state": "UploadComplete"}, accept=(BAD,)
        )
        done = self._over(job)
        taken = int(done.get("numberRecordsProcessed", 0))
        if done["state"] != "JobComplete" or taken != rows:
            refused = [problems(parsed(each)) for each in (sent, closed) if each.is_error]
            said = [done.get("errorMessage"), *(str(each) for few in refused for each in few)]
            raise SourceError(
                f"Job {job} of Salesforce ended as {done['state']} with {taken:,} of {rows:,} "
                f"accounts: {'; '.join(filter(None, said)) or 'no reason was given'}",
                "Push again: what is missing is sent",
            )
        failed = int(done.get("numberRecordsFailed", 0))
        return dict(self._failures(job)) if failed else {}

    def _over(self, job: str) -> Mapping[str, Any]:
        """What the job says once it runs no more; raises where that takes too long."""
        wait, waited = _FIRST_WAIT, 0.0
        while (found := self.session.json("GET", f"{_JOBS}/{job}"))["state"] in _RUNNING:
            if waited >= _PATIENCE:
                raise TransientError(
                    f"Job {job} of Salesforce is not done after an hour",
                    "Look at Bulk Data Load Jobs in Setup; the next push waits for it again",
                )
            self.sleep(wait)
            waited, wait = waited + wait, min(wait * 2, _LONGEST_WAIT)
        return dict(found)

    def _failures(self, job: str) -> Iterator[tuple[str, Problem]]:
        text = self.session.send("GET", f"{_JOBS}/{job}/failedResults/").text
        for row in csv.DictReader(io.StringIO(text)):
            code, _, message = row["sf__Error"].partition(":")
            yield row["Id"], Problem(code, message)


def _files(records: Mapping[str, Values], largest: int) -> Iterator[tuple[int, bytes]]:
    """CSVs of the records, each with how many these are."""
    names = list(dict.fromkeys(name for values in records.values() for name in values))
    head = _line(["Id", *names])
    parts, size = [head], len(head)
    for key, values in records.items():
        cells = [(values[name] or _NOTHING) if name in values else "" for name in names]
        line = _line([key, *cells])
        if size + len(line) > largest and len(parts) > 1:
            yield len(parts) - 1, b"".join(parts)
            parts, size = [head], len(head)
        parts.append(line)
        size += len(line)
    yield len(parts) - 1, b"".join(parts)


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
