pytest_plugins = ["dev.testing"]
