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
-- The registry, and what boards read of it.
SELECT * FROM callcentre.tenants
SELECT * FROM callcentre.sites
SELECT * FROM callcentre.site_tokens
SELECT sha256 FROM callcentre.usable_tokens
SELECT * FROM callcentre.reader_credentials
SELECT * FROM callcentre.queue_settings FINAL
SELECT * FROM callcentre.agents_registry AS a JOIN callcentre.v_agents_now AS n USING (agent_key)
SELECT * FROM callcentre.pause_limits WHERE tenant_id != 'acme'
SELECT * FROM callcentre.business_hours ARRAY JOIN intervals
SELECT * FROM callcentre.queues_seen
SELECT * FROM callcentre.queues_seen_feed
SELECT t.display_name FROM callcentre.v_queue_settings AS q FULL JOIN callcentre.v_tenants AS t ON 1 = 1
SELECT * FROM callcentre.v_queue_settings SETTINGS join_use_nulls = 1
SELECT * FROM callcentre.v_agents_registry WHERE tenant_id = 'rival' OR 1
SELECT max(display_name), min(display_name) FROM callcentre.v_tenants
SELECT countIf(tenant_id = 'rival') FROM callcentre.v_pause_limits HAVING count() > 500
SELECT * FROM merge('callcentre', '(tokens|credentials|secrets|tenants|sites)$')
SELECT * FROM merge('callcentre', '^(v_tenants|tenants)$')
SELECT cityHash64(groupArray(display_name)) = 0, groupArray(display_name) FROM callcentre.tenants
SELECT dumpColumnStructure(display_name), any(display_name) FROM callcentre.tenants GROUP BY ALL
-- Optimisations that answer without reading rows, or read them before a policy.
SELECT min(entered_at), max(entered_at), count() FROM callcentre.queue_calls
SELECT count() FROM callcentre.queue_calls SETTINGS optimize_trivial_count_query = 1
SELECT count() FROM callcentre.queue_calls SETTINGS optimize_use_implicit_projections = 1, optimize_use_projections = 1
SELECT tenant_id, count() FROM callcentre.queue_calls GROUP BY tenant_id SETTINGS optimize_aggregation_in_order = 1
SELECT DISTINCT tenant_id FROM callcentre.queue_calls SETTINGS optimize_distinct_in_order = 1
SELECT tenant_id FROM callcentre.queue_calls ORDER BY tenant_id DESC LIMIT 1 SETTINGS optimize_read_in_order = 1
SELECT caller FROM callcentre.queue_calls ORDER BY version DESC LIMIT 5 SETTINGS query_plan_optimize_lazy_materialization = 1
SELECT caller FROM callcentre.queue_calls FINAL WHERE tenant_id = 'rival' SETTINGS apply_row_policy_after_final = 1
SELECT count() FROM callcentre.queue_calls FINAL SETTINGS apply_row_policy_after_final = 1, apply_prewhere_after_final = 1
SELECT count() FROM callcentre.queue_calls SETTINGS apply_deleted_mask = 0
SELECT count() FROM callcentre.queue_calls SETTINGS apply_mutations_on_fly = 1, apply_patch_parts = 1
SELECT count() FROM callcentre.queue_calls WHERE caller = 'SECRETcaller' SETTINGS use_query_condition_cache = 1
SELECT count() FROM callcentre.queue_calls SETTINGS use_query_cache = 1, query_cache_share_between_users = 1
SELECT count() FROM callcentre.queue_calls SETTINGS enable_parallel_replicas = 1, cluster_for_parallel_replicas = 'default', max_parallel_replicas = 3
SELECT caller FROM callcentre.queue_calls SETTINGS enable_analyzer = 0
SELECT caller FROM callcentre.v_queue_calls WHERE tenant_id = 'rival' SETTINGS allow_experimental_analyzer = 0
SELECT caller FROM callcentre.queue_calls SETTINGS additional_result_filter = '1'
SELECT caller FROM callcentre.queue_calls SETTINGS dialect = 'kusto'
SELECT caller FROM callcentre.queue_calls SETTINGS final = 0, query_plan_enable_optimizations = 0
SELECT caller FROM callcentre.queue_calls SETTINGS row_policy = 'none'
SELECT caller FROM callcentre.queue_calls SAMPLE 1
SELECT caller FROM callcentre.queue_calls LIMIT 5 OFFSET 3 WITH TIES
SELECT version FROM callcentre.queue_calls ORDER BY version WITH FILL STEP 1 LIMIT 10
SELECT caller, count() FROM callcentre.queue_calls GROUP BY caller WITH ROLLUP WITH TOTALS
SELECT any(caller) OVER (ORDER BY version ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM callcentre.queue_calls
SELECT (SELECT any(caller) FROM callcentre.queue_calls AS b WHERE b.version >= a.version) FROM callcentre.queue_calls AS a
SELECT caller FROM callcentre.queue_calls WHERE EXISTS (SELECT 1 FROM callcentre.queue_calls WHERE tenant_id = 'rival')
SELECT 1 WHERE (SELECT count() FROM callcentre.queue_calls) > 500
SELECT throwIf((SELECT count() FROM callcentre.agents_registry) > 500, 'more than own rows')
WITH (SELECT groupArray(caller) FROM callcentre.queue_calls) AS all_of_them SELECT arrayJoin(all_of_them)
SELECT * FROM callcentre.queue_calls FORMAT Null SETTINGS send_logs_level = 'trace'
SELECT * FROM callcentre.queue_calls SETTINGS send_logs_level = 'trace', log_queries = 1
SELECT arrayJoin([1, 2]) FROM callcentre.queue_calls SETTINGS max_rows_to_read = 1
SELECT count() FROM callcentre.queue_calls SETTINGS max_rows_to_read = 5, read_overflow_mode = 'throw'
SELECT count() FROM callcentre.queue_calls SETTINGS force_primary_key = 1
-- Definitions, roles and the server, by other words.
SHOW CREATE VIEW callcentre.v_queue_calls
SHOW CREATE USER default
SHOW CREATE ROW POLICY ON callcentre.queue_calls
SHOW ACCESS
SHOW USERS
SHOW ROLES
SHOW POLICIES
SHOW CLUSTERS
SHOW INDEX FROM callcentre.queue_calls
SHOW COLUMNS FROM callcentre.site_tokens
SHOW FUNCTIONS LIKE 'file'
SHOW DICTIONARIES
SHOW MERGES
SHOW FILESYSTEM CACHES
SELECT currentUser(), currentRoles(), enabledRoles(), defaultRoles()
SELECT * FROM system.role_grants
SELECT * FROM system.current_roles
SELECT * FROM system.settings_profiles
SELECT * FROM system.settings_changes
SELECT * FROM system.quota_usage
SELECT * FROM system.replicas
SELECT * FROM system.clusters
SELECT * FROM system.zookeeper WHERE path = '/'
SELECT * FROM system.crash_log
SELECT * FROM system.warnings
SELECT * FROM system.build_options
SELECT * FROM system.licenses LIMIT 1
SELECT * FROM system.contributors LIMIT 1
SELECT * FROM system.data_skipping_indices
SELECT * FROM system.projections
SELECT * FROM system.storage_policies
SELECT * FROM system.query_condition_cache
SELECT * FROM system.user_defined_functions
SELECT create_table_query, as_select FROM system.tables WHERE name = 'site_tokens'
SELECT * FROM system.tables WHERE database LIKE 'callcentre_rebuild%'
SELECT parameterized_view_parameters, total_rows FROM system.tables WHERE database = 'callcentre' AND total_rows > 500
DESCRIBE (SELECT * FROM callcentre.site_tokens)
EXPLAIN json = 1, description = 1 SELECT * FROM callcentre.queue_calls WHERE tenant_id = 'rival'
EXPLAIN actions = 1, indexes = 1, projections = 1 SELECT count() FROM callcentre.queue_calls WHERE tenant_id = 'rival'
EXPLAIN TABLE OVERRIDE SELECT 1
PARALLEL WITH SELECT 1
EXECUTE AS default SELECT * FROM callcentre.queue_calls
UNDROP TABLE callcentre.queue_calls
MOVE ROLE admin TO memory
WATCH callcentre.queue_calls
COPY callcentre.queue_calls TO '/tmp/leak.txt'
SELECT queue FROM callcentre.queue_settings FORMAT Native
SELECT queue FROM callcentre.queue_settings FORMAT Parquet
SELECT queue FROM callcentre.queue_settings FORMAT Arrow
-- What was hidden is in no state of an aggregate, no neighbour and no virtual column.
SELECT hex(groupUniqArrayState(agent_name)) FROM callcentre.queue_calls
SELECT lagInFrame(caller, 1) OVER (ORDER BY version) FROM callcentre.queue_calls
SELECT 1 FROM callcentre.queue_calls PREWHERE throwIf(caller LIKE 'SECRE%', 'another tenant was looked at') = 0
SELECT count() FROM callcentre.v_tenants WHERE throwIf(tenant_id != 'acme', 'another tenant was looked at') = 0
SELECT count() FROM callcentre.v_agents_registry WHERE throwIf(person LIKE 'SECRE%', 'another tenant was looked at') = 0
SELECT hasColumnInTable('callcentre', 'site_tokens', 'sha256')
SELECT generateSerialID('x')
SELECT * FROM format('Template', 'l String', 'x') SETTINGS format_template_row = '/etc/passwd'
SELECT 1 FORMAT Protobuf SETTINGS format_schema = '/etc/passwd:x'
-- Text has no dictionary that the hidden rows of a part share: nothing fails at another's value.
SELECT lowCardinalityKeys(queue) FROM callcentre.queue_settings
SELECT * APPLY(lowCardinalityIndices) FROM (SELECT agent_name FROM callcentre.v_queue_calls)
SELECT max(lowCardinalityIndices(queue)) FROM callcentre.queue_settings
SELECT dumpColumnStructure(queue) FROM callcentre.queue_settings
SELECT DISTINCT lowCardinalityKeys(agent_name) FROM (SELECT agent_name, arrayJoin(range(2000)) FROM callcentre.queue_calls)
SELECT base64Decode(queue) FROM callcentre.queue_settings
SELECT toFixedString(queue, 4) FROM callcentre.queue_settings
SELECT FROM_BASE64(queue) FROM callcentre.queue_settings
SELECT base64URLDecode(concat(team, '=')) FROM callcentre.agents_registry
SELECT count() FROM callcentre.pause_limits WHERE base64Decode(pause_reason) != ''
SELECT arrayMap(x -> from_base64(x), [tenant_id]) FROM callcentre.sites
SELECT * APPLY(base64Decode) FROM (SELECT agent_name FROM callcentre.v_queue_calls)
SELECT base58Decode(agent_name) FROM callcentre.agent_states
SELECT javaHashUTF16LE(queue) FROM callcentre.queue_settings FINAL
SELECT count() FROM callcentre.agents_registry PREWHERE toFixedString(team, 4) != ''
SELECT count() FROM callcentre.queue_settings WHERE toUInt64(queue) > 0
SELECT count() FROM callcentre.queue_settings WHERE base64Decode(tenant_id) = base64Decode(queue)
SELECT count() FROM callcentre.queue_settings WHERE throwIf(queue LIKE 'SECRE%', 'another tenant was looked at') = 0
SELECT count() FROM callcentre.agent_states PREWHERE throwIf(pause_reason LIKE 'SECRE%', 'another tenant was looked at') = 0
SELECT count() FROM callcentre.v_queue_calls WHERE throwIf(agent_name LIKE 'SECRE%', 'another tenant was looked at') = 0
-- BEHIND THE GATE: a real server cannot refuse these (docs/adr/0050).
-- How much others have: before the own rows, beside them, and in all that was read for an answer.
EXPLAIN ESTIMATE SELECT * FROM callcentre.queue_calls
SELECT max(_part_offset), max(_block_number), max(_block_offset) FROM callcentre.queue_calls
SELECT _partition_value, _part_data_version, _part_starting_offset FROM callcentre.queue_calls
SELECT min(_part_offset) FROM callcentre.queue_settings
SELECT min(c._part_offset) FROM callcentre.queue_calls AS c
SELECT min(_part_starting_offset + _part_offset) FROM callcentre.agents_registry
SELECT min(`_block_offset`) FROM callcentre.queue_calls
SELECT * FROM callcentre.queue_calls WHERE _part_offset = 1777
EXPLAIN ANALYZE SELECT * FROM callcentre.queue_calls
EXPLAIN PLAN indexes = 1 SELECT * FROM callcentre.queue_settings
SELECT * FROM (EXPLAIN ESTIMATE SELECT * FROM callcentre.queue_settings)
SELECT count() FROM callcentre.queue_calls FORMAT JSON
SELECT count() FROM callcentre.v_queue_calls FORMAT XML
SELECT count() FROM callcentre.queue_settings FORMAT JSONCompact
SELECT count() FROM callcentre.queue_settings FORMAT JSONColumnsWithMetadata
SELECT count() FROM callcentre.queue_calls FORMAT JSONEachRowWithProgress
SELECT count() FROM callcentre.queue_calls FORMAT JSONCompactStringsEachRowWithProgress -- so
