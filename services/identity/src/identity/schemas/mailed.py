"""Links that come by mail."""

from typing import Annotated

from chassis.fields import NO_CONTROL_CHARACTERS
from pydantic import BaseModel, Field, SecretStr

from identity.schemas.passwords import Password

Token = Annotated[SecretStr, Field(max_length=200, description="What stands after `#token=` in the link of the mail")]


class ResetWanted(BaseModel):
    """Who forgot a password."""

    email: Annotated[str, Field(max_length=254, pattern=NO_CONTROL_CHARACTERS)]


class NewPassword(BaseModel):
    """The new password, and the token that allows it."""

    token: Token
    password: Password


class Verification(BaseModel):
    """That a mail was read."""

    token: Token
