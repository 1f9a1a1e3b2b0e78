"""A service with one table and one event, to prove the chassis on."""
