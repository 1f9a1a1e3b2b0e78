"""What identity does: one function a use case; none commits."""
