"""Templates, notifications and their deliveries."""
