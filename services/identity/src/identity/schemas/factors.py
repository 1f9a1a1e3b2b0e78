"""Second factors."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr


class SecondFactorIn(BaseModel):
    """The answer to a challenge: the code of an authenticator app, or a recovery code."""

    challenge: Annotated[SecretStr, Field(max_length=200)]
    code: Annotated[SecretStr, Field(min_length=6, max_length=40)]


class TotpOut(BaseModel):
    """A new authenticator app, shown this once: `uri` for a QR code, `secret` to be typed in."""

    secret: str
    uri: str


class TotpConfirmation(BaseModel):
    """What the app shows now."""

    code: Annotated[str, Field(pattern=r"^[0-9]{6}$", repr=False)]


class RecoveryCodesOut(BaseModel):
    """Each is good for one sign-in without the app; shown this once."""

    recovery_codes: list[str]
