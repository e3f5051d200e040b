"""Answers whether this process lives, and whether it can do its work (`pipeline/monitoring/readiness.py`)."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from digest.pipeline.monitoring.readiness import readiness
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


def _late_threads(web: Web) -> list[str]:
    """Return the threads that don't come to the end of their work; where workers do it, there are none."""
    return [ticker.name for ticker in web.tickers if ticker.is_late(web.clock())]
