"""The rules of people and sessions (SPEC 3.10)."""
