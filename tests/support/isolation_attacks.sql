-- One statement a line; each may answer with own rows or a refusal, never with another tenant's.
-- Tables by every way a statement can name them.
SELECT DISTINCT tenant_id FROM callcentre.queue_calls
SELECT count() FROM callcentre.queue_calls
SELECT DISTINCT caller FROM callcentre.queue_calls FINAL
SELECT DISTINCT c.caller FROM callcentre.queue_calls AS c
SELECT DISTINCT caller FROM (SELECT * FROM callcentre.queue_calls)
WITH x AS (SELECT * FROM callcentre.queue_calls) SELECT DISTINCT caller FROM x
SELECT DISTINCT caller FROM `callcentre`.`queue_calls`
SELECT DISTINCT caller FROM "callcentre"."queue_calls"
SELECT DISTINCT caller FROM callcentre.queue_calls PREWHERE version >= 0
SELECT DISTINCT caller FROM callcentre.queue_calls WHERE call_id IN (SELECT call_id FROM callcentre.queue_calls)
SELECT DISTINCT b.caller FROM callcentre.queue_calls a RIGHT JOIN callcentre.queue_calls b ON a.call_id = b.call_id
SELECT DISTINCT b.caller FROM (SELECT 1 x) a CROSS JOIN callcentre.queue_calls b
SELECT max(caller) FROM callcentre.queue_calls GROUP BY tenant_id
SELECT (SELECT groupUniqArray(caller) FROM callcentre.queue_calls)
SELECT caller FROM callcentre.queue_calls UNION ALL SELECT caller FROM callcentre.queue_calls
SELECT DISTINCT caller FROM callcentre.queue_calls LIMIT 1 BY caller
(SELECT DISTINCT caller FROM callcentre.queue_calls) INTERSECT (SELECT DISTINCT caller FROM callcentre.queue_calls)
FROM callcentre.queue_calls SELECT DISTINCT caller
WITH RECURSIVE r AS (SELECT call_id, caller FROM callcentre.queue_calls UNION ALL SELECT call_id, caller FROM r WHERE 0) SELECT DISTINCT caller FROM r
SELECT * FROM callcentre.queue_calls QUALIFY row_number() OVER (PARTITION BY caller ORDER BY call_id) = 1
-- Table functions.
SELECT DISTINCT caller FROM merge('callcentre', '^queue_calls$')
SELECT DISTINCT caller FROM merge('callcentre', 'queue_calls|v_')
SELECT DISTINCT caller FROM merge(REGEXP('.*'), '^queue_calls$')
SELECT DISTINCT caller FROM view(SELECT * FROM callcentre.queue_calls)
SELECT DISTINCT caller FROM remote('127.0.0.1', callcentre.queue_calls)
SELECT DISTINCT caller FROM remote('localhost:9000', 'callcentre', 'queue_calls')
SELECT DISTINCT caller FROM cluster('default', callcentre.queue_calls)
SELECT DISTINCT caller FROM clusterAllReplicas('default', 'callcentre', 'queue_calls')
SELECT * FROM loop(callcentre.queue_calls) LIMIT 3
SELECT * FROM mergeTreeIndex('callcentre', 'queue_calls') LIMIT 2
SELECT * FROM mergeTreeProjection('callcentre', 'queue_calls', 'p') LIMIT 5
SELECT * FROM mergeTreeAnalyzeIndexes('callcentre', 'queue_calls') LIMIT 2
SELECT * FROM dictionary('callcentre.queue_calls')
SELECT * FROM callcentre.agents_now_feed
SELECT * FROM callcentre.schema_changes
SELECT * FROM callcentre.site_snapshots
SELECT caller FROM callcentre_rebuild_1_attacked.queue_calls
SELECT caller FROM merge('callcentre_rebuild_1_attacked', '.*')
SELECT caller FROM merge(REGEXP('callcentre.*'), 'queue_calls')
SELECT total_rows FROM system.tables WHERE database LIKE 'callcentre_rebuild%'
SELECT * FROM executable('cat', 'TSV', 'a String', (SELECT 1))
SELECT * FROM file('/etc/passwd', 'LineAsString', 'l String') LIMIT 1
SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString', 'l String') LIMIT 1
SELECT * FROM s3('http://127.0.0.1/x', 'CSV', 'a String') LIMIT 1
SELECT * FROM sqlite('x.db', 't')
SELECT * FROM python('x')
SELECT * FROM input('a UInt8')
SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')
SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')
SELECT * FROM mongodb('127.0.0.1:1', 'd', 't', 'u', 'p', 'a String')
SELECT * FROM hdfs('hdfs://127.0.0.1/x', 'CSV', 'a String')
SELECT * FROM iceberg('http://127.0.0.1/x')
SELECT * FROM icebergLocal('/etc')
SELECT * FROM deltaLakeLocal('/etc')
SELECT * FROM fuzzQuery('select 1') LIMIT 1
SELECT * FROM filesystem('/etc') LIMIT 1
SELECT * FROM viewExplain('EXPLAIN', '', (SELECT 1))
SELECT * FROM eval('SELECT 1')
-- Functions that read files, tables, the machine, or only wait.
SELECT file('/etc/passwd')
SELECT FiLe('/etc/passwd')
SELECT `file`('/etc/passwd')
SELECT "f\x69le"('/etc/passwd')
SELECT * APPLY(file) FROM (SELECT '/etc/passwd' AS p)
SELECT arrayMap(file, ['/etc/passwd'])
SELECT arrayMap(x -> file(x), ['/etc/passwd'])
SELECT columns('p') APPLY file FROM (SELECT '/etc/passwd' AS p)
SELECT * APPLY(`f\x69le`) FROM (SELECT '/etc/passwd' AS p)
SELECT /* comment */ file/**/('/etc/passwd')
SELECT 1 AS file, file('/etc/passwd')
SELECT 1 AS `'`, file('/etc/passwd') AS `'`
SELECT 1 AS "'", file('/etc/passwd') AS "'"
SELECT `'`, file('/etc/passwd') FROM (SELECT 1 AS `'`)
SELECT 1 AS `\``, 2 AS `'`, file('/etc/passwd') AS `'x`
SELECT 1 AS ```'`, file('/etc/passwd') AS `'```
SELECT 'a\'', file('/etc/passwd'), '\''
SELECT '''', file('/etc/passwd'), ''''
SELECT '\\', file('/etc/passwd'), '\\'
SELECT $$'$$, file('/etc/passwd'), $$'$$
SELECT $a$`$a$, file('/etc/passwd'), $a$`$a$
SELECT joinGet('callcentre.queue_calls', 'caller', 1)
SELECT joinGetOrNull('callcentre.queue_calls', 'caller', 1)
SELECT dictGet('callcentre.d', 'name', 'b')
SELECT dictGetString('callcentre.d', 'name', 'b')
SELECT dictHas('callcentre.d', 'b')
SELECT getServerSetting('path')
SELECT getServerPort('tcp_port')
SELECT getMacro('x')
SELECT serverUUID()
SELECT filesystemAvailable()
SELECT filesystemCapacity()
SELECT addressToLine(1)
SELECT aiGenerate('x')
SELECT AIGenerate('x')
SELECT sleep(3)
SELECT sleepEachRow(1) FROM numbers(3)
-- Settings within a statement.
SELECT getSetting('log_comment') = '*'
SELECT * FROM callcentre.queue_calls SETTINGS log_comment = '*'
SELECT * FROM callcentre.queue_calls SETTINGS log_comment = 'rival'
SELECT * FROM (SELECT * FROM callcentre.queue_calls SETTINGS log_comment = 'rival')
SELECT * FROM callcentre.queue_calls SETTINGS readonly = 0
SELECT * FROM callcentre.queue_calls SETTINGS use_skip_indexes = 1
SELECT * FROM callcentre.queue_calls SETTINGS additional_table_filters = {'callcentre.queue_calls': '1'}
SELECT * FROM callcentre.queue_calls SETTINGS additional_table_filters = {'callcentre.queue_calls': 'file(\'/etc/passwd\') != \'\''}
SELECT * FROM callcentre.queue_calls SETTINGS additional_table_filters = {'callcentre.queue_calls': '`f\\x69le`(\'/etc/passwd\') != \'\''}
SELECT * FROM callcentre.queue_calls SETTINGS additional_table_filters = {'callcentre.queue_calls': '1) OR (1'}
SELECT * FROM callcentre.queue_calls SETTINGS additional_table_filters = {'x': '1'}, log_comment = '*'
-- Other kinds of statements.
SET log_comment = '*'
SET readonly = 0
SET ROLE admin
SET additional_table_filters = {}
SELECT 1; SET ROLE admin
SELECT 1; SELECT * FROM callcentre.queue_calls
USE system
INSERT INTO callcentre.queue_calls (tenant_id) VALUES ('acme')
INSERT INTO FUNCTION file('leak.txt', 'TSV', 'a String') SELECT 'x'
INSERT INTO callcentre.queue_calls (tenant_id) FORMAT TSV acme
CREATE TABLE callcentre.mine (a UInt8) ENGINE = Memory
CREATE TEMPORARY TABLE mine AS SELECT * FROM callcentre.queue_calls
CREATE VIEW callcentre.mine AS SELECT * FROM callcentre.queue_calls
CREATE VIEW callcentre.mine SQL SECURITY NONE AS SELECT * FROM callcentre.queue_calls
CREATE MATERIALIZED VIEW callcentre.mine ENGINE = Memory AS SELECT * FROM callcentre.queue_calls
CREATE FUNCTION leak AS (x) -> x
CREATE USER u
CREATE NAMED COLLECTION c AS a = 1
CREATE DICTIONARY callcentre.d (a UInt64) PRIMARY KEY a SOURCE(NULL()) LAYOUT(FLAT()) LIFETIME(0)
ALTER TABLE callcentre.queue_calls DELETE WHERE 1
ALTER TABLE callcentre.queue_calls UPDATE caller = 'x' WHERE 1
DELETE FROM callcentre.queue_calls WHERE 1
DROP TABLE callcentre.queue_calls
DROP VIEW callcentre.v_queue_calls
TRUNCATE TABLE callcentre.queue_calls
RENAME TABLE callcentre.queue_calls TO callcentre.other
EXCHANGE TABLES callcentre.queue_calls AND callcentre.queue_windows
DETACH TABLE callcentre.queue_calls
ATTACH TABLE callcentre.x FROM 'data' (a UInt8) ENGINE = MergeTree ORDER BY a
OPTIMIZE TABLE callcentre.queue_calls FINAL
SYSTEM FLUSH LOGS
SYSTEM SHUTDOWN
SYSTEM STOP MERGES
KILL QUERY WHERE 1
BACKUP TABLE callcentre.queue_calls TO File('b')
RESTORE TABLE callcentre.queue_calls FROM File('b')
GRANT ALL ON *.* TO default
REVOKE ALL ON *.* FROM default
SELECT * FROM callcentre.queue_calls INTO OUTFILE '/tmp/leak.txt'
SELECT 1 INTO/**/OUTFILE '/tmp/leak.txt'
SELECT * FROM callcentre.queue_calls INTO OUTFILE '/tmp/leak.txt' TRUNCATE FORMAT TSV
-- What the engine tells of itself.
SELECT database, table, rows, bytes_on_disk FROM system.parts
SELECT * FROM system.parts_columns
SELECT name, total_rows, total_bytes FROM system.tables WHERE database = 'callcentre'
SELECT * FROM system.columns WHERE table = 'queue_calls'
SELECT query, user FROM system.processes
SELECT * FROM system.query_log
SELECT * FROM system.query_thread_log
SELECT * FROM system.text_log
SELECT * FROM system.session_log
SELECT * FROM system.errors WHERE last_error_message != ''
SELECT * FROM system.query_cache
SELECT * FROM system.events
SELECT * FROM system.metrics
SELECT * FROM system.mutations
SELECT * FROM system.merges
SELECT * FROM system.stack_trace
SELECT * FROM system.disks
SELECT * FROM system.server_settings
SELECT * FROM system.settings WHERE name = 'log_comment' AND value != 'acme'
SELECT * FROM system.users
SELECT * FROM system.row_policies
SELECT * FROM system.grants
SELECT * FROM system.dictionaries
SELECT * FROM system.named_collections
SELECT * FROM system.user_processes
SELECT * FROM system.detached_parts
SELECT * FROM system.projection_parts
SELECT * FROM system.part_log
SELECT * FROM system.view_refreshes
SELECT * FROM system.asynchronous_inserts
SELECT * FROM system.completions
SELECT * FROM information_schema.tables
SELECT * FROM merge('system', '^(parts|processes|query_log)$')
SELECT DISTINCT _table, _part, _partition_id FROM callcentre.queue_calls
SELECT _part, _part_offset, caller FROM callcentre.queue_calls WHERE tenant_id = 'rival'
-- Plans and definitions.
EXPLAIN SELECT * FROM callcentre.queue_calls
EXPLAIN ESTIMATE SELECT * FROM callcentre.queue_calls WHERE tenant_id = 'rival'
EXPLAIN indexes = 1 SELECT * FROM callcentre.queue_calls WHERE tenant_id = 'rival'
EXPLAIN PIPELINE SELECT * FROM callcentre.queue_calls
EXPLAIN SYNTAX SELECT * FROM callcentre.v_queue_calls
EXPLAIN QUERY TREE SELECT * FROM callcentre.queue_calls
EXPLAIN AST SELECT file('/etc/passwd')
SHOW CREATE TABLE callcentre.queue_calls
SHOW TABLES FROM callcentre
SHOW PROCESSLIST
SHOW GRANTS
SHOW SETTINGS LIKE 'log_comment'
DESCRIBE TABLE callcentre.queue_calls
DESCRIBE TABLE file('/etc/passwd', 'LineAsString')
CHECK TABLE callcentre.queue_calls
EXISTS TABLE callcentre.queue_calls
-- Errors that would print a value, conditions that would reach other rows.
SELECT throwIf(tenant_id = 'rival', caller) FROM callcentre.queue_calls
SELECT count() FROM callcentre.queue_calls WHERE toUInt64(caller) > 0
SELECT count() FROM callcentre.queue_calls PREWHERE toUInt64(caller) > 0
SELECT count() FROM callcentre.queue_calls WHERE toUInt64(replaceOne(caller, 'S', 'S')) > 0
SELECT intDiv(1, tenant_id != 'rival') FROM callcentre.queue_calls
SELECT toUInt64(caller) FROM callcentre.v_queue_calls
SELECT count() FROM callcentre.v_queue_calls WHERE toUInt64(agent_name) > 0
SELECT * FROM callcentre.queue_calls WHERE 1 = 1 OR 1
SELECT * FROM callcentre.queue_calls WHERE (1) OR (tenant_id = 'rival')
SELECT * FROM callcentre.queue_calls WHERE tenant_id = 'rival'
SELECT sum(offered) FROM callcentre.v_queue_windows WHERE tenant_id = 'rival'
SELECT * FROM callcentre.v_window_differences
SELECT DISTINCT caller FROM system.one AS queue_calls JOIN callcentre.queue_calls AS one ON 1 = 1
SELECT DISTINCT caller FROM numbers(1) n ASOF JOIN callcentre.queue_calls c ON n.number <= c.version AND 1 = 1
SELECT DISTINCT caller FROM callcentre.queue_calls c PASTE JOIN (SELECT 1 x)
SELECT uniqExact(tenant_id), any(caller), topK(3)(caller) FROM callcentre.queue_calls
SELECT groupArray((tenant_id, caller)) FROM callcentre.agents_now AS a FULL JOIN callcentre.queue_calls AS q USING tenant_id
SELECT hasAny(groupArray(tenant_id), ['rival']) FROM callcentre.queue_calls HAVING 1 SETTINGS max_threads = 1
SELECT * FROM callcentre.queue_calls SETTINGS max_execution_time = 0
SELECT * FROM callcentre.queue_calls SETTINGS force_optimize_projection = 1
