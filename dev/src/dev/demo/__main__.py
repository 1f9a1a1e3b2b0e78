"""Plays the story on the stack that CHAIRSIDE_HOME and CHAIRSIDE_PORT_BASE name; exits 0 only if all of it happened."""

import asyncio
import sys
import time

import click

from dev.demo.stage import Stage, StoryError
from dev.demo.story import STEPS
from dev.stack import this_stack


async def play() -> None:
    """Every step in turn, each with what the services told each other meanwhile."""
    stack = this_stack()
    began = time.monotonic()
    async with Stage.open(stack) as stage:
        for number, step in enumerate(STEPS, 1):
            await stage.play(number, step)
    print(f"\nThe whole story happened, in {time.monotonic() - began:.1f} s.")
    print("See it yourself while the stack runs:")
    print(f"  {stack.url}/sign-in")
    for line in stage.who_can_sign_in:
        print(f"  {line}")


@click.command()
def main() -> None:
    """Play an apprentice's whole story: sign-up, papers, enrollment, theory, hours, alerts, services on the chair, pages."""
    try:
        asyncio.run(play())
    except StoryError as error:
        sys.exit(f"\nThe story stopped: {error}\n`./chairside logs SERVICE` shows what that service says.")


main(prog_name="./chairside demo")
