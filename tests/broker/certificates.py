"""Certificates of a test's own, as PEM files: who signs, and whom."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Signed:
    """A certificate, its key, and both in one file as Kafka takes them."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """Signs certificates, and is trusted or not."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        made = _unsigned(self._name, self._name, self._key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.file = folder / f"{name}.pem"
        signed = made.sign(self._key, hashes.SHA256())
        self.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def sign(self, name: str, host: str | None = None, *, expired: bool = False) -> Signed:
        """Sign somebody's certificate; a broker's names its host."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _unsigned(_named(name), self._name, key.public_key(), expired=expired)
        if host:
            made = made.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
            )
        signed = made.sign(self._key, hashes.SHA256())
        certificate = signed.public_bytes(serialization.Encoding.PEM)
        opened = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        files = Signed(*(self.folder / f"{name}.{kind}" for kind in ("crt", "key", "pem")))
        files.certificate.write_bytes(certificate)
        files.key.write_bytes(opened)
        files.both.write_bytes(opened + certificate)
        return files

    def locked(self, name: str, passphrase: str) -> Path:
        """Write a key that was signed once more, with a passphrase."""
        opened = (self.folder / f"{name}.key").read_bytes()
        key = serialization.load_pem_private_key(opened, None)
        file = self.folder / f"{name}.locked"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(passphrase.encode()),
            )
        )
        return file


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _unsigned(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, expired: bool = False
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 2 * DAY)
        .not_valid_after(now - DAY if expired else now + DAY)
    )
