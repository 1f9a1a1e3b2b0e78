"""What is refused of consents."""

from chassis.errors import NotFound


class ConsentNotFound(NotFound):
    """What was never given cannot be withdrawn."""

    def __init__(self) -> None:
        super().__init__("You never consented to this, so there is nothing to withdraw.")
