"""The events that Chairside's services exchange: one class an event, with its topic, key, version and shape (SPEC 2)."""
