"""The use cases: each takes the transaction first and never commits."""
