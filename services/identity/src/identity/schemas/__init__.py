"""HTTP bodies of identity."""
