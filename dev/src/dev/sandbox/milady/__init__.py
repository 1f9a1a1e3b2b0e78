"""Milady CIMA as the seed describes it, under `/milady/api/v1`, with the player page that a launch address opens."""
