"""HTTP in: parse, authorise, one command or query, answer."""

from fastapi import APIRouter

from compliance.api import alerts, dashboard, exports, hours, imports, rates, requirements, revisions, scans, statements

routers: list[APIRouter] = [
    *(imports.uploads, imports.router, hours.router, revisions.router, requirements.router, statements.router),
    *(alerts.router, scans.router, dashboard.router, exports.router, rates.router),
]
