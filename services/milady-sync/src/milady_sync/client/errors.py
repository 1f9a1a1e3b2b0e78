"""How asking Milady can fail. Each message is a sentence that may be shown: it holds no personal data and nothing that Milady sent."""


class MiladyError(Exception):
    """Milady did not do what it was asked."""


class MiladyDown(MiladyError):
    """No answer, or a fault of Milady's. `wait`: seconds for which it shall not even be asked."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class MiladyBusy(MiladyError):
    """Too many requests; `wait` is the seconds after which Milady wants to be asked again."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class MiladyMalformed(MiladyError):
    """The answer is not in a form that can be read."""


class MiladyRefused(MiladyError):
    """Milady understood and said no; asking again changes nothing."""
