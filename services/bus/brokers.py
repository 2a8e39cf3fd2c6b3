"""The brokers of one deployment: where they are, and how the line to them is secured."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.config import PREFIX, Settings


class LineUnusable(Exception):
    """A file that the settings name for the line to Kafka cannot be used."""


class _Hidden(str):
    """A password that is not shown where all settings are, as the client does when debugging."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@dataclass(frozen=True, slots=True)
class Brokers:
    """Everything a connection to Kafka needs.

    Attributes:
        servers: Comma-separated ``host:port``.
        protocol: How the line is secured, by the names that Kafka has for it.
        mechanism: How a user proves to know the password.
    """

    servers: str
    protocol: str = "plaintext"
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    mechanism: str = ""
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return self.servers

    @property
    def is_tls(self) -> bool:
        """Whether the line is encrypted, and the brokers prove who they are."""
        return self.protocol.endswith("ssl")

    @property
    def is_sasl(self) -> bool:
        """Whether we prove who we are by a password."""
        return self.protocol.startswith("sasl")

    @property
    def who(self) -> str:
        """Who we are to the brokers."""
        if self.is_sasl:
            return f"the user {self.user}"
        return f"the holder of {self.certificate}" if self.certificate else "whoever connects"

    @property
    def line(self) -> str:
        """How the line is secured, in words."""
        encrypted = "encrypted, host names checked" if self.is_tls else "NOT encrypted"
        return f"{self.protocol} ({encrypted}) as {self.who}"

    def client_settings(self) -> dict[str, Any]:
        """Say how the line is secured as the client wants to be told; files are read anew.

        Raises:
            LineUnusable: If a certificate or a key cannot be used.
        """
        found: dict[str, Any] = {"security_protocol": self.protocol.upper()}
        if self.is_tls:
            found["ssl_context"] = self.tls()
        if self.is_sasl:
            found["sasl_mechanism"] = self.mechanism
            found["sasl_plain_username"] = self.user
            found["sasl_plain_password"] = _Hidden(self.password)
        return found

    def tls(self) -> ssl.SSLContext:
        """Read whom to trust and who we are; certificates and host names are always checked.

        Raises:
            LineUnusable: If a certificate or a key cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            if self.ca:
                context.load_verify_locations(self.ca)
            else:
                context.load_default_certs()
        except OSError as error:  # which the errors of TLS are too
            raise LineUnusable(f"{PREFIX}KAFKA_CA, {self.ca}: {_told(error)}") from None
        try:
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key, _passphrase)
        except OSError as error:
            files = f"{self.certificate} and {self.key}"
            raise LineUnusable(
                f"{PREFIX}KAFKA_CERTIFICATE and _KEY, {files}: {_told(error)}"
            ) from None
        return context


def brokers_of(settings: Settings) -> Brokers:
    """Take what the settings say of Kafka, and read the password.

    Raises:
        LineUnusable: If the file of the password, a certificate or a key cannot be used.
    """
    brokers = Brokers(
        servers=settings.kafka,
        protocol=settings.kafka_protocol,
        ca=settings.kafka_ca,
        certificate=settings.kafka_certificate,
        key=settings.kafka_key,
        mechanism=settings.kafka_mechanism,
        user=settings.kafka_user,
        password=_password(settings),
    )
    brokers.client_settings()
    return brokers


def _password(settings: Settings) -> str:
    file = settings.kafka_password_file
    if file is None:
        return settings.kafka_password.get_secret_value()
    try:
        password = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise LineUnusable(f"{PREFIX}KAFKA_PASSWORD_FILE, {file}: {_told(error)}") from None
    if not password:
        raise LineUnusable(f"{PREFIX}KAFKA_PASSWORD_FILE, {file}: it is empty")
    return password


def _passphrase() -> str:
    """Refuse to give one; without an answer of ours OpenSSL would ask the terminal."""
    raise LineUnusable(f"{PREFIX}KAFKA_KEY has a passphrase: write it without one")


def _told(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        if error.reason == "KEY_VALUES_MISMATCH":
            return "the key belongs to another certificate"
        return f"this is no PEM of what is needed ({error.reason or error.args[-1]})"
    return getattr(error, "strerror", None) or str(error)
