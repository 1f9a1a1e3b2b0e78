"""What onboarding does: one function a use case; none commits."""
