"""People, credentials, sessions, roles and signing keys."""
