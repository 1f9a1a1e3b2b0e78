"""Migrates the databases of several services in one process: `CHAIRSIDE_MIGRATE` holds a line `service=owner's address` for each."""

import asyncio
import os

from chassis import migrate


async def main() -> None:
    for line in os.environ["CHAIRSIDE_MIGRATE"].splitlines():
        service, _, owner_url = line.partition("=")
        package = service.replace("-", "_")
        await migrate.upgrade(service, package, owner_url)
        print(f"{service} at {migrate.head(package)}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
