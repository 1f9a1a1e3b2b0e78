"""One function per use case. None commits; each locks the entry that it changes and publishes about."""
