"""The line to a broker, tried by hand: why the brokers do not let us in.

Kafka's client tries until its patience ends, and then says only that it had no answer.  One
connection tells a wrong password, or a certificate that is not trusted, from a broker that is
away.
"""

import socket
import ssl
import struct
from typing import Final

from kafka.net.sasl import get_sasl_mechanism

from services.bus.brokers import Brokers
from services.config import PREFIX

SECONDS: Final = 2.0
"""How long a broker may take to accept a connection, and for each answer."""

HANDSHAKE, AUTHENTICATE = (17, 1), (36, 0)
"""Kafka's two questions, and their versions, that may be asked before a password is given."""

OFFERED, NOT_OFFERED, NO_SASL = 0, 33, 34
"""What is said of a mechanism: it is offered, others are, this line has no passwords."""

TLS_ALERT: Final = 0x15
"""The first byte of what TLS says to one who does not speak it."""

EXPIRED, HOSTNAME, ADDRESS = 10, 62, 64
"""OpenSSL's numbers of what is wrong with a certificate."""

PROTOCOL: Final = f"{PREFIX}KAFKA_PROTOCOL"


class _SpeaksTls(Exception):
    """What came is not Kafka's, but TLS's."""


def why_barred(brokers: Brokers) -> str | None:
    """Say why the brokers do not let us in; ``None`` if one would, or if none answers."""
    found = [_reason(brokers, where.strip()) for where in brokers.servers.split(",")]
    return None if "" in found else next(filter(None, found), None)


def _reason(brokers: Brokers, where: str) -> str | None:
    """Try one broker: why it bars us, empty if it does not, ``None`` if it does not answer."""
    host, _, port = where.rpartition(":")
    address = host.strip("[]"), int(port)
    try:
        with socket.create_connection(address, timeout=SECONDS) as line:
            if not brokers.is_tls:
                return _refusal(line, brokers)
            with brokers.tls().wrap_socket(line, server_hostname=address[0]) as secured:
                return _refusal(secured, brokers)
    except ssl.SSLCertVerificationError as error:
        return f"the certificate of {where} {_fault(error)}"
    except _SpeaksTls:
        return f"{where} speaks TLS: {PROTOCOL} is {brokers.protocol}"
    except (OSError, struct.error) as error:
        if brokers.is_tls and _speaks_plainly(address, brokers):
            return f"{where} speaks no TLS: {PROTOCOL} is {brokers.protocol}"
        if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
            return f"{where} does not accept {_certificate(brokers)} ({error.reason})"
        return None


def _refusal(line: socket.socket, brokers: Brokers) -> str:
    """Come in as the client does: ask for the mechanism, then give the password."""
    said = _mechanism(line, brokers)
    if not brokers.is_sasl:
        asked = said in (OFFERED, NOT_OFFERED)
        return f"they ask for a user and a password: {PROTOCOL} is {brokers.protocol}" * asked
    if said == NO_SASL:
        return f"they ask nobody there for a password: {PROTOCOL} is {brokers.protocol}"
    if said == NOT_OFFERED:
        return f"they do not take {brokers.mechanism}: {PREFIX}KAFKA_MECHANISM"
    if _knows_password(line, brokers):
        return ""
    return f"the password of {brokers.who} is wrong, or they do not know the user"


def _mechanism(line: socket.socket, brokers: Brokers) -> int:
    """Ask for our mechanism, for any where we have none; return what is said of it."""
    wanted = (brokers.mechanism if brokers.is_sasl else "PLAIN").encode()
    answer = _asked(line, HANDSHAKE, struct.pack(">h", len(wanted)) + wanted)
    return int(struct.unpack_from(">h", answer)[0])


def _knows_password(line: socket.socket, brokers: Brokers) -> bool:
    proof = get_sasl_mechanism(brokers.mechanism)(**brokers.client_settings())
    while not proof.is_done():
        token = proof.auth_bytes()
        answer = _asked(line, AUTHENTICATE, struct.pack(">i", len(token)) + token)
        error, length = struct.unpack_from(">hh", answer)
        if error:
            return False
        proof.receive(answer[4 + max(length, 0) + 4 :])
    return bool(proof.is_authenticated())


def _asked(line: socket.socket, question: tuple[int, int], body: bytes) -> bytes:
    """Ask one question and return the answer, without its number."""
    text = struct.pack(">hhih", *question, 1, -1) + body
    line.sendall(struct.pack(">i", len(text)) + text)
    with line.makefile("rb") as answer:
        head = answer.read(8)
        if head[:1] == bytes([TLS_ALERT]):
            raise _SpeaksTls
        size, _ = struct.unpack(">ii", head)
        return answer.read(size - 4)


def _fault(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in (HOSTNAME, ADDRESS):
        return f"is not for that name: {error.verify_message}"
    if error.verify_code == EXPIRED:
        return "has expired"
    return f"is signed by nobody {PREFIX}KAFKA_CA names: {error.verify_message}"


def _certificate(brokers: Brokers) -> str:
    return f"our certificate {brokers.certificate}" if brokers.certificate else "no certificate"


def _speaks_plainly(address: tuple[str, int], brokers: Brokers) -> bool:
    try:
        with socket.create_connection(address, timeout=SECONDS) as line:
            return _mechanism(line, brokers) in (OFFERED, NOT_OFFERED, NO_SASL)
    except (OSError, struct.error, _SpeaksTls):
        return False
