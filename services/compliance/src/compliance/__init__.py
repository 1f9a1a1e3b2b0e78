"""The hour ledger, weekly requirements, scans and alerts."""
