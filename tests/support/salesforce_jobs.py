"""Bulk API 2.0 of the small Salesforce: jobs that run a while after they were closed."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx

Save = Callable[[str, Mapping[str, Any]], tuple[str, str] | None]


class Bulk:
    """Jobs by number; a closed one is carried out when it is asked about for the `delay`th time."""

    def __init__(self, save: Save, user: str) -> None:
        self.save, self.user = save, user
        self.jobs: dict[str, dict[str, Any]] = {}
        self.delay = 2
        self.ends_as = "JobComplete"

    def answer(self, request: httpx.Request, path: str) -> httpx.Response:
        number, _, part = path.partition("/")
        match request.method, part:
            case "POST", "":
                return self.create(json.loads(request.content))
            case "GET", "":
                return self.tell(number) if number else self.listed()
            case "PUT", "batches":
                return self.upload(self.jobs[number], request.content.decode())
            case "PATCH", "":
                return self.close(self.jobs[number], json.loads(request.content))
            case "GET", "failedResults":
                return httpx.Response(200, text=self.jobs[number]["failed"])
        raise AssertionError(path)

    def create(self, what: Mapping[str, Any]) -> httpx.Response:
        assert (what["operation"], what["lineEnding"]) == ("update", "LF")
        number = f"750{len(self.jobs):015d}"
        job = {"id": number, "state": "Open", "createdById": self.user, **what}
        self.jobs[number] = {"told": job, "csv": None, "failed": "", "asked": 0}
        return httpx.Response(200, json=job)

    def upload(self, job: dict[str, Any], text: str) -> httpx.Response:
        if job["csv"] is not None:
            return refused("CLIENT_INPUT_ERROR", "Found multiple contents for job")
        assert len(text) <= 100 * 10**6
        job["csv"] = text
        return httpx.Response(201)

    def close(self, job: dict[str, Any], what: Mapping[str, Any]) -> httpx.Response:
        if job["told"]["state"] != "Open":
            return refused("INVALIDJOBSTATE", "Closing already Completed Job not allowed")
        job["told"]["state"] = what["state"]
        return httpx.Response(200, json=job["told"])

    def listed(self) -> httpx.Response:
        told = [job["told"] for job in self.jobs.values()]
        return httpx.Response(200, json={"done": True, "records": told})

    def tell(self, number: str) -> httpx.Response:
        job = self.jobs[number]
        job["asked"] += 1
        if job["told"]["state"] == "UploadComplete" and job["asked"] > self.delay:
            self.run(job)
        return httpx.Response(200, json=job["told"])

    def run(self, job: dict[str, Any]) -> None:
        """Carry the job out."""
        job["told"]["state"] = self.ends_as
        if self.ends_as != "JobComplete":
            job["told"]["errorMessage"] = "InvalidBatch : Field name not found : X__c"
            return
        rows = list(csv.DictReader(io.StringIO(job["csv"] or "")))
        failed = []
        for row in rows:
            values = {n: None if v == "#N/A" else v for n, v in row.items() if v and n != "Id"}
            if why := self.save(row["Id"], values):
                failed.append({"sf__Id": row["Id"], "sf__Error": f"{why[0]}:{why[1]}:--", **row})
        told = {"numberRecordsProcessed": len(rows), "numberRecordsFailed": len(failed)}
        job["told"] |= told
        text = io.StringIO()
        names = ["sf__Id", "sf__Error", *(rows[0] if rows else ())]
        out = csv.DictWriter(text, names, lineterminator="\n")
        out.writeheader()
        out.writerows(failed)
        job["failed"] = text.getvalue()


def refused(code: str, message: str) -> httpx.Response:
    return httpx.Response(400, json=[{"errorCode": code, "message": message}])
