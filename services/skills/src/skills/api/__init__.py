"""skills' HTTP door (SPEC 4)."""

from skills.api import competency, decisions, entries, photos

ROUTERS = [entries.router, photos.router, decisions.router, competency.router]
