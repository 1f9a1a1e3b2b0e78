"""Passwords."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

Password = Annotated[SecretStr, Field(min_length=12, max_length=200)]
"""A password that is to be. Those that are guessed early, or hold one's own name or address, are refused besides."""
GivenPassword = Annotated[SecretStr, Field(max_length=200)]
"""A password that is claimed to be right."""


class PasswordChange(BaseModel):
    """A new password in place of the present one."""

    present: GivenPassword
    password: Password
