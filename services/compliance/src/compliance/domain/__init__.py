"""The rules of hours, weeks, alerts and scans (SPEC 3.1 to 3.3): decisions over plain values, without I/O and without a clock."""
