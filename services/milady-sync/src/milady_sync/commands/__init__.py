"""One function per use case. None commits; each locks the enrollment or the run that it publishes about."""
