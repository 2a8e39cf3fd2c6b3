"""Settings: what cannot work is said at once, and no password is shown."""

import os
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import SecretStr, ValidationError

from services.bus import Barred, BrokerAway, Brokers, LineUnusable, Topics, brokers_of
from services.bus.line import why_barred
from services.bus.rights import commands, rights
from services.cli.errors import code_of
from services.config import PREFIX, Settings
from tests import cli_words
from tests.broker.certificates import Authority
from tests.cli_words import Longcase

longcase = cli_words.longcase

OPERATIONS: Final = Path(__file__).parent.parent / "docs" / "operations.md"
AT: Final[dict[str, Any]] = {"kafka": "kafka.example:9093"}
SECRET: Final = "correct horse battery staple"
SASL: Final[dict[str, Any]] = {**AT, "kafka_protocol": "sasl_ssl", "kafka_user": "longcase-relay"}


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kafka_protocol": "ssl"}, "LONGCASE_KAFKA names no brokers"),
        ({**AT, "kafka_ca": "ca.pem"}, "plaintext: it uses no LONGCASE_KAFKA_CA"),
        ({**AT, "kafka_protocol": "ssl", "kafka_certificate": "a"}, "CERTIFICATE needs .*_KEY"),
        ({**AT, "kafka_protocol": "ssl", "kafka_key": "a"}, "KEY needs .*_CERTIFICATE"),
        ({**AT, "kafka_protocol": "ssl", "kafka_user": "a"}, "ssl: it uses no LONGCASE_KAFKA_USER"),
        ({**AT, "kafka_password": SECRET}, "plaintext: it uses no LONGCASE_KAFKA_USER"),
        ({**AT, "kafka_protocol": "sasl_ssl", "kafka_password": SECRET}, "needs .*_USER"),
        (SASL, "it needs LONGCASE_KAFKA_PASSWORD_FILE"),
        ({**SASL, "kafka_password": SECRET, "kafka_password_file": "f"}, "are both set"),
        (
            {**SASL, "kafka_password": SECRET, "kafka_protocol": "sasl_plaintext",
             "kafka_mechanism": "PLAIN"},
            "MECHANISM is PLAIN, which tells the password to whoever listens",
        ),
        ({**SASL, "kafka_password": SECRET, "kafka_user": "a,b"}, "kafka_user"),
        ({**AT, "kafka_protocol": "tls"}, "kafka_protocol"),
        ({**SASL, "kafka_mechanism": "MD5"}, "kafka_mechanism"),
    ],
)  # fmt: skip
def test_what_cannot_work_together_is_refused_by_name(
    tmp_path: Path, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError, match=told) as refused:
        Settings(home=tmp_path, **given)

    assert SECRET not in str(refused.value)


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, ours: Authority) -> None:
    mine, other = ours.sign("mine"), ours.sign("other")
    empty = tmp_path / "empty"
    empty.touch()
    told: dict[str, dict[str, Any]] = {
        "KAFKA_CA, .*nowhere: No such file": {"kafka_ca": tmp_path / "nowhere"},
        "KAFKA_CA, .*empty: this is no PEM": {"kafka_ca": empty},
        "belongs to another certificate": {
            "kafka_certificate": mine.certificate, "kafka_key": other.key,
        },
        "this is no PEM": {"kafka_certificate": mine.certificate, "kafka_key": empty},
        "has a passphrase": {
            "kafka_certificate": mine.certificate, "kafka_key": ours.locked("mine", "secret"),
        },
    }  # fmt: skip

    for problem, given in told.items():
        with pytest.raises(LineUnusable, match=problem):
            brokers_of(Settings(home=tmp_path, **AT, kafka_protocol="ssl", **given))


def test_a_password_comes_from_a_file_without_its_end_of_line(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    assert brokers_of(Settings(home=tmp_path, **SASL, kafka_password_file=file)).password == SECRET

    file.write_text("\n")
    with pytest.raises(LineUnusable, match="it is empty"):
        brokers_of(Settings(home=tmp_path, **SASL, kafka_password_file=file))
    file.unlink()
    with pytest.raises(LineUnusable, match="No such file"):
        brokers_of(Settings(home=tmp_path, **SASL, kafka_password_file=file))


def test_no_password_is_shown(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, **SASL, kafka_password=SecretStr(SECRET))
    brokers = brokers_of(settings)

    shown = (repr(settings), str(settings), repr(brokers), f"{brokers}", brokers.line,
             repr(brokers.client_settings()), settings.model_dump_json())  # fmt: skip
    assert [text for text in shown if SECRET in text] == []
    assert brokers.client_settings()["sasl_plain_password"] == SECRET


def test_certificates_and_host_names_are_always_checked(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, **{**AT, "kafka_protocol": "SSL"})
    context = brokers_of(settings).tls()

    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"
    assert context.minimum_version.name == "TLSv1_2"


def test_a_process_gets_the_settings_of_the_one_that_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(
        home=tmp_path, **SASL, kafka_password=SecretStr(SECRET), kafka_ca=tmp_path / "ca"
    )
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)

    assert Settings().model_dump() == settings.model_dump()


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGCASE_KAFKA_CA", "")
    monkeypatch.setenv("LONGCASE_PORT", "")

    settings = Settings()

    assert (settings.kafka_ca, settings.port) == (None, 8321)
    assert settings.origin("port") == "default"


def test_the_command_line_says_what_is_wrong_and_shows_no_password(
    longcase: Longcase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGCASE_KAFKA_PASSWORD", SECRET)
    answer = longcase("config", "show")
    assert (answer.code, answer.error) == (
        2, "LONGCASE_KAFKA names no brokers, and other LONGCASE_KAFKA_… are set",
    )  # fmt: skip

    for name, value in SASL.items():
        monkeypatch.setenv(f"{PREFIX}{name.upper()}", value)
    shown = longcase("config", "show", "--json")
    assert SECRET not in shown.out
    values = {row["setting"]: row["value"] for row in shown.json}
    assert set(values["LONGCASE_KAFKA_PASSWORD"]) == {"*"}
    assert values["LONGCASE_KAFKA_CA"] == ""


def test_whoever_is_barred_ends_otherwise_than_one_whose_broker_is_away() -> None:
    found = (BrokerAway("away"), Barred("barred"), LineUnusable("a file"))

    assert [code_of(error) for error in found] == [4, 3, 2]


def test_a_broker_that_does_not_answer_bars_nobody() -> None:
    for servers in ("localhost:1", "no-such-host.invalid:9092", "localhost:1,[::1]:1"):
        for protocol in ("plaintext", "ssl"):
            assert why_barred(Brokers(servers, protocol)) is None


def test_the_page_of_operations_grants_what_the_table_of_rights_says() -> None:
    written = OPERATIONS.read_text()

    assert "\n".join(commands(rights(["$PROJECTION"]))) in written
    for name in Settings.model_fields:
        assert f"`{PREFIX}{name.upper()}`" in written


def test_nobody_may_create_or_alter_but_the_admin() -> None:
    found = rights(["timeline"], Topics("other"))

    assert {right.user for right in found if right.operation == "Create"} == {"admin"}
    assert {right.operation for right in found} <= {"Create", "Describe", "Read", "Write"}
    assert all(right.name.startswith("other.") for right in found)
