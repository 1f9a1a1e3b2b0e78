"""HTTP bodies. Durations are whole minutes beside decimal-string hours; dates are in the program's time zone (SPEC 4)."""
