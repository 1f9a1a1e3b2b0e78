"""Renders `deploy/k8s` and checks what would be applied: against schemas, against policies, and against the services themselves."""
