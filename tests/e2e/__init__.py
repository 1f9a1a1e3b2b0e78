"""The whole stack as processes, through the doors that people, operators and integrators use."""
