"""The schema of the dossier's tables; `projections.dossier.tables` says what they are for."""

from typing import Final

from projections import splits

TABLES: Final = (
    "heads", "standings", "tickets", "places", "checkpoints", "waiting", "subjects", "splits",
)  # fmt: skip

SCHEMA: Final = (
    """CREATE TABLE {heads} (
    company_id {text} PRIMARY KEY,
    occurred_at {bigint} NOT NULL,
    at_position {bigint} NOT NULL,
    position {bigint} NOT NULL,
    doc {blob} NOT NULL,
    internal_doc {blob})""",
    """CREATE TABLE {standings} (
    company_id {text} PRIMARY KEY,
    occurred_at {bigint} NOT NULL,
    position {bigint} NOT NULL,
    doc {blob} NOT NULL,
    internal_doc {blob})""",
    """CREATE TABLE {tickets} (
    stream {text} PRIMARY KEY,
    company_id {text} NOT NULL,
    is_open {bool} NOT NULL,
    doc {blob} NOT NULL,
    internal_doc {blob})""",
    "CREATE INDEX {tickets}_by_company ON {tickets} (company_id, is_open)",
    """CREATE TABLE {places} (
    company_id {text} NOT NULL,
    position {bigint} NOT NULL,
    occurred_at {bigint} NOT NULL,
    latest {bigint} NOT NULL,
    weighs {bool} NOT NULL,
    PRIMARY KEY (company_id, position)) {clustered}""",
    "CREATE INDEX {places}_by_time ON {places} (company_id, occurred_at, position)",
    """CREATE INDEX {places}_weighing ON {places} (company_id, occurred_at, position)
    WHERE weighs = 1""",
    """CREATE TABLE {checkpoints} (
    company_id {text} NOT NULL,
    occurred_at {bigint} NOT NULL,
    at_position {bigint} NOT NULL,
    born {bigint} NOT NULL,
    position {bigint} NOT NULL,
    events {bigint} NOT NULL,
    superseded_at {bigint},
    doc {blob} NOT NULL,
    internal_doc {blob},
    PRIMARY KEY (company_id, occurred_at, at_position, born))""",
    """CREATE TABLE {waiting} (
    company_id {text} PRIMARY KEY,
    stretch {bigint} NOT NULL)""",
    """CREATE TABLE {subjects} (
    contact_id {text} NOT NULL,
    company_id {text} NOT NULL,
    PRIMARY KEY (contact_id, company_id))""",
    *splits.SCHEMA,
)
