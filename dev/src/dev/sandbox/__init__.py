"""The sandbox of outside systems: real HTTP servers that Chairside's own clients speak to (SPEC 3.4).

`python -m dev.sandbox` serves it; `dev.sandbox.server.running` serves it inside a test. README.md lists what it answers.
"""
