-- The event log in PostgreSQL.  Positions come from the table itself, under a lock that is held
-- until the commit is visible: a reader that has seen a position has seen all before it.

CREATE TABLE IF NOT EXISTS stored_events (
    notification_id bigint PRIMARY KEY, -- no default: who does not append by the function, cannot
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL,
    topic text COLLATE "C" NOT NULL,
    state bytea NOT NULL,
    company_id text COLLATE "C",
    company_seq bigint,
    public_seq bigint,
    committed_at bigint NOT NULL,
    late smallint NOT NULL,
    UNIQUE (originator_id, originator_version)
);

CREATE UNIQUE INDEX IF NOT EXISTS stored_events_company
    ON stored_events (company_id, company_seq) WHERE company_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS company_heads (
    company_id text COLLATE "C" PRIMARY KEY,
    company_seq bigint NOT NULL,
    public_seq bigint NOT NULL,
    latest bigint NOT NULL
) WITH (fillfactor = 70); -- room to update a row where it stands

CREATE TABLE IF NOT EXISTS reports (
    system text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    stream_version bigint NOT NULL,
    position bigint NOT NULL,
    last_position bigint NOT NULL,
    PRIMARY KEY (system, external_id)
);

CREATE TABLE IF NOT EXISTS handles (
    digest bytea PRIMARY KEY,
    target text COLLATE "C" NOT NULL
);

CREATE TABLE IF NOT EXISTS traces (
    position bigint PRIMARY KEY,
    traceparent text COLLATE "C" NOT NULL
);

-- A release may give the function other parameters: two of one name would be ambiguous.
DO $$
DECLARE
    earlier regprocedure;
BEGIN
    FOR earlier IN
        SELECT oid FROM pg_proc
        WHERE proname = 'longcase_append' AND pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE 'DROP FUNCTION ' || earlier;
    END LOOP;
END $$;

-- Appends one commit and returns the position before its first event.  Arrays run parallel to
-- the events (streams … publics) or to the reports (systems … lasts).  Plans are made once and
-- by index, whatever the statistics said when the tables were small.
CREATE FUNCTION longcase_append(
    streams text[], versions bigint[], topics text[], states bytea[],
    companies text[], moments bigint[], publics boolean[],
    systems text[], externals text[], digests bytea[],
    report_streams text[], report_versions bigint[], firsts bigint[], lasts bigint[],
    handle_digests bytea[], handle_targets text[], exclusive bigint,
    affiliated bytea[], affiliations text[],
    traced bigint[], traceparents text[],
    seen text[], seen_versions bigint[],
    clock bigint, late_micros bigint
) RETURNS bigint
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    base bigint;
    committed bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(27750, 'stored_events'::regclass::oid::int);
    NOTIFY stored_events;

    IF cardinality(seen) > 0 AND EXISTS (
        SELECT FROM unnest(seen, seen_versions) AS s (stream, version)
        WHERE version <> coalesce(
            (SELECT max(originator_version) FROM stored_events WHERE originator_id = stream), 0)
    ) THEN
        RAISE unique_violation USING MESSAGE = 'a stream that was decided against went on';
    END IF;

    SELECT notification_id, committed_at INTO base, committed
    FROM stored_events ORDER BY notification_id DESC LIMIT 1;
    base := coalesce(base, 0);
    committed := greatest(clock, committed);

    INSERT INTO stored_events
    SELECT
        base + n, stream, version, topic, state, company,
        CASE WHEN company IS NOT NULL
            THEN coalesce(head.company_seq, 0) + row_number() OVER earlier END,
        CASE WHEN company IS NOT NULL AND public
            THEN coalesce(head.public_seq, 0) + count(*) FILTER (WHERE public) OVER earlier END,
        committed,
        (company IS NOT NULL
            AND moment < greatest(head.latest, max(moment) OVER earlier) - late_micros)::int
    FROM unnest(streams, versions, topics, states, companies, moments, publics)
        WITH ORDINALITY AS e (stream, version, topic, state, company, moment, public, n)
    LEFT JOIN company_heads AS head ON head.company_id = company
    WINDOW earlier AS (PARTITION BY company ORDER BY n)
    ORDER BY n;

    INSERT INTO company_heads AS head
    SELECT company, count(*), count(*) FILTER (WHERE public), max(moment)
    FROM unnest(companies, moments, publics) AS e (company, moment, public)
    WHERE company IS NOT NULL
    GROUP BY company
    ON CONFLICT (company_id) DO UPDATE SET
        company_seq = head.company_seq + excluded.company_seq,
        public_seq = head.public_seq + excluded.public_seq,
        latest = greatest(head.latest, excluded.latest);

    INSERT INTO reports
    SELECT system, external, digest, stream, version, base + first, base + last
    FROM unnest(systems, externals, digests, report_streams, report_versions, firsts, lasts)
        AS r (system, external, digest, stream, version, first, last);

    IF cardinality(handle_digests) > 0 THEN
        INSERT INTO handles SELECT * FROM unnest(handle_digests, handle_targets)
        ON CONFLICT DO NOTHING;
        IF EXISTS (
            SELECT FROM unnest(handle_digests[:exclusive], handle_targets[:exclusive])
                AS mine (digest, target)
            JOIN handles USING (digest) WHERE handles.target <> mine.target
        ) THEN
            RAISE unique_violation USING MESSAGE = 'another holds one of these external ids';
        END IF;
    END IF;

    IF cardinality(affiliated) > 0 THEN
        INSERT INTO handles SELECT * FROM unnest(affiliated, affiliations)
        ON CONFLICT (digest) DO UPDATE SET target = excluded.target;
    END IF;

    IF cardinality(traced) > 0 THEN
        INSERT INTO traces
        SELECT base + n, traceparent FROM unnest(traced, traceparents) AS t (n, traceparent);
    END IF;
    RETURN base;
END $$;
