"""Answers whether this process lives, whether it can do its work (`pipeline/monitoring/readiness.py`), and in
which numbers (`pipeline/monitoring/metrics.py`, in Prometheus' text format 0.0.4).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException

from digest.domain import Role
from digest.pipeline.monitoring.metrics import Family
from digest.pipeline.monitoring.readiness import readiness
from digest.web.api.personal import bearer
from digest.web.site import Site, Web

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> Response:
    """Answer that the process lives; it asks nobody else."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(web: Site) -> Response:
    """Answer 200 where everything is as it should be, but for warnings, else 503; both name each part."""
    found = readiness(web.installation, web.clock(), late_threads=lambda: _late_threads(web))
    answer = {"ready": found.is_ready, "parts": found.parts, "warnings": found.warnings}
    return JSONResponse(answer, status_code=200 if found.is_ready else 503)


@router.api_route("/metrics", methods=["GET", "HEAD"])
def metrics(request: Request, web: Site) -> Response:
    """Answer the numbers of an installation to an admin's token; 401 without one, 403 to other tokens."""
    try:
        bearer(Role.ADMIN)(request)
    except HTTPException as refusal:
        return PlainTextResponse(f"{refusal.detail}\n", refusal.status_code, refusal.headers)
    heartbeats = {ticker.name: ticker.done_at for ticker in web.tickers}
    families = web.metrics.get(web.clock(), heartbeats)
    return Response(text_of(families), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def text_of(families: Sequence[Family]) -> bytes:
    """Return families in Prometheus' text format 0.0.4."""
    return generate_latest(_Families(families))


@dataclass(frozen=True)
class _Families(Collector):
    """Families as the library writes them."""

    families: Sequence[Family]

    def collect(self) -> Iterator[Metric]:
        for family in self.families:
            kind = CounterMetricFamily if family.counts else GaugeMetricFamily
            written = kind(family.name, family.words, labels=family.labels)
            for values, number in family.values.items():
                written.add_metric(values, number)
            yield written


def _late_threads(web: Web) -> list[str]:
    """Return the threads that don't come to the end of their work; where workers do it, there are none."""
    return [ticker.name for ticker in web.tickers if ticker.is_late(web.clock())]
