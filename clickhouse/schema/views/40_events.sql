-- The raw events, one row each, for audit. For operators, not for analysts.

CREATE OR REPLACE VIEW callcentre.events SQL SECURITY INVOKER
COMMENT 'One row per event as it arrived, 30 days.'
AS SELECT
    tenant_id, site, spool, generation,
    event.sequence AS sequence,
    fromUnixTimestamp64Milli(event.at, 'UTC') AS at,
    received_at,
    event.kind AS kind,
    event.name AS name,
    event.fields AS fields,
    event.refused AS refused
FROM
(
    SELECT
        tenant_id, site, spool, generation, first_sequence, last_sequence, received_at,
        arrayJoin(JSONExtract(payload, 'events', 'Array(Tuple(sequence UInt64, at Int64, kind String, name String, fields Map(String, String), refused String))')) AS event
    FROM callcentre.event_batches FINAL
)
WHERE sequence BETWEEN first_sequence AND last_sequence;

ALTER TABLE callcentre.events
    COMMENT COLUMN spool 'Id of the spool that numbered the events',
    COMMENT COLUMN sequence 'Number of the event within its spool',
    COMMENT COLUMN at 'Time of the event by the clock of the site; 1970 if the event was refused',
    COMMENT COLUMN kind 'ami, snapshot, queue_log or collector; empty if the event was refused',
    COMMENT COLUMN name 'Name of the event (docs/events.md)',
    COMMENT COLUMN fields 'Headers and values; a repeated header is a JSON list of its values',
    COMMENT COLUMN refused 'Why ingest refused the event; empty if it did not';
