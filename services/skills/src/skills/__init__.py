"""Practical services on the chair: log, photos, approvals."""
