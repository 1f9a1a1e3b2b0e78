"""HTTP in: parse, authorise, one command or query, answer."""

from fastapi import APIRouter

from compliance.api import alerts, hours, scans

routers: list[APIRouter] = [hours.router, alerts.router, scans.router]
