"""The rules of onboarding (SPEC 3.7, 3.8): pure decisions, and refusals that know their sentence."""
