"""Milady CIMA accounts, course enrollments, synced progress and time."""
