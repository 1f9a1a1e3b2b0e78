"""Reading the read model. Row-level security decides whose rows come back; nothing here filters by who asks."""
