"""Every setting: its unit, its default and why; `longcase config show` prints them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import BeforeValidator, Field, PrivateAttr, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "LONGCASE_"

Protocol = Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


class Settings(BaseSettings):
    """Where things are; from the environment, else beside each other in one folder."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

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
    kafka_protocol: Annotated[Protocol, BeforeValidator(lambda text: str(text).lower())] = Field(
        default="plaintext",
        description="The line to the brokers: plaintext, ssl, sasl_plaintext or sasl_ssl",
    )
    kafka_ca: Path | None = Field(
        default=None, description="PEM file of who signs the brokers; empty = as this machine does"
    )
    kafka_certificate: Path | None = Field(
        default=None, description="PEM file of our own certificate, where brokers ask for one"
    )
    kafka_key: Path | None = Field(
        default=None, description="PEM file of its key, without a passphrase"
    )
    kafka_mechanism: Annotated[Mechanism, BeforeValidator(lambda text: str(text).upper())] = Field(
        default="SCRAM-SHA-512", description="SASL: SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN"
    )
    kafka_user: str = Field(
        default="", pattern=r"^[^,=\s]*$", description="SASL: who we are to the brokers"
    )
    kafka_password: SecretStr = Field(
        default=SecretStr(""), description="SASL: the password; better in a file"
    )
    kafka_password_file: Path | None = Field(
        default=None, description="SASL: file of the password, read when a process starts"
    )
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

    @property
    def is_tls(self) -> bool:
        """Whether the line to Kafka is encrypted, and the brokers prove who they are."""
        return self.kafka_protocol in ("ssl", "sasl_ssl")

    @property
    def is_sasl(self) -> bool:
        """Whether we prove to Kafka who we are by a password."""
        return self.kafka_protocol in ("sasl_plaintext", "sasl_ssl")

    @model_validator(mode="after")
    def _line_can_work(self) -> Self:
        for problem in _problems(self):
            raise ValueError(problem)
        return self

    def differ(self, prefix: str) -> bool:
        """Say whether any of the settings that begin with *prefix* is not as by default."""
        return any(
            getattr(self, name) != field.default
            for name, field in type(self).model_fields.items()
            if name.startswith(prefix)
        )

    def environment(self) -> dict[str, str]:
        """Write the settings as variables that a process of ours reads; secrets are open."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            f"{PREFIX}{name.upper()}": value.get_secret_value()
            if isinstance(value, SecretStr)
            else str(value)
            for name, value in values.items()
            if value is not None
        }

    def origin(self, name: str) -> str:
        """Say where a setting's value comes from."""
        return f"environment {PREFIX}{name.upper()}" if name in self._given else "default"


def _problems(settings: Settings) -> Iterator[str]:
    """Say what of the settings of Kafka cannot work together."""
    kafka, protocol = f"{PREFIX}KAFKA", f"{PREFIX}KAFKA_PROTOCOL is {settings.kafka_protocol}"
    certificate, key = settings.kafka_certificate, settings.kafka_key
    password, file = settings.kafka_password.get_secret_value(), settings.kafka_password_file
    if not settings.kafka and settings.differ("kafka_"):
        yield f"{kafka} names no brokers, and other {kafka}_… are set"
    if not settings.is_tls and (certificate or key or settings.kafka_ca):
        yield f"{protocol}: it uses no {kafka}_CA, {kafka}_CERTIFICATE or {kafka}_KEY"
    if certificate and not key:
        yield f"{kafka}_CERTIFICATE needs {kafka}_KEY"
    if key and not certificate:
        yield f"{kafka}_KEY needs {kafka}_CERTIFICATE"
    if not settings.is_sasl and (settings.kafka_user or password or file):
        yield f"{protocol}: it uses no {kafka}_USER, {kafka}_PASSWORD or {kafka}_PASSWORD_FILE"
    if settings.is_sasl and not settings.kafka_user:
        yield f"{protocol}: it needs {kafka}_USER"
    if settings.is_sasl and not (password or file):
        yield f"{protocol}: it needs {kafka}_PASSWORD_FILE, or {kafka}_PASSWORD"
    if password and file:
        yield f"{kafka}_PASSWORD and {kafka}_PASSWORD_FILE are both set"
    if settings.kafka_mechanism == "PLAIN" and not settings.is_tls:
        yield f"{kafka}_MECHANISM is PLAIN, which tells the password to whoever listens: use TLS"


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
