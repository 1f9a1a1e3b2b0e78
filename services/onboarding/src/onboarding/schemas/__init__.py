"""HTTP bodies of onboarding."""
