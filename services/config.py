"""Every setting: its unit, its default and why; `longcase config show` prints them."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, PrivateAttr
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "LONGCASE_"


class Settings(BaseSettings):
    """Where things are; from the environment, else beside each other in one folder."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    home: Path = Field(
        default=Path("~/.local/share/longcase"),
        description="Folder of everything that is not set elsewhere",
    )
    store: str = Field(
        default="", description="Event store: sqlite:///path or postgresql://…; the truth"
    )
    read_models: str = Field(
        default="", description="Read models: sqlite:///path or postgresql://…; can be rebuilt"
    )
    control: str = Field(
        default="", description="Keyring and API keys: back it up, apart from the events"
    )
    kafka: str = Field(default="", description="Brokers host:port,…; empty = embedded, no broker")
    host: str = Field(default="127.0.0.1", description="Address to serve on")
    port: int = Field(default=8321, ge=0, le=65535, description="Port to serve on")
    _given: set[str] = PrivateAttr(default_factory=set)

    def model_post_init(self, _: object) -> None:
        """Fill in the files of the home folder where no URL is given."""
        self._given = set(self.model_fields_set)
        self.home = self.home.expanduser().absolute()
        for name in ("store", "read_models", "control"):
            if not getattr(self, name):
                setattr(self, name, f"sqlite:///{self.home / (name.replace('_', '-') + '.db')}")

    def origin(self, name: str) -> str:
        """Say where a setting's value comes from."""
        return f"environment {PREFIX}{name.upper()}" if name in self._given else "default"


def masked(value: object) -> str:
    """Write a value without the password a URL may carry."""
    text = str(value)
    if "://" not in text:
        return text
    parts = urlsplit(text)
    if parts.password is None:
        return text
    at = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{at}"))
