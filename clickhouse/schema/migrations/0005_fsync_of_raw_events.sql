-- Why:  an insert is acknowledged when its rows are in the page cache. A killed server loses nothing
--       by that, a power cut up to half a minute, and what was acknowledged is not written again
--       (docs/adr/0015). What facts can be made of anew is flushed to disk first: the raw events and
--       the states they are folded from. A merge needs no flush: the parts it was made from stay for
--       eight minutes.
-- Cost: none on the rows there are. One of a flush's inserts waits for the disk, some milliseconds.
-- Undo: the same with 0.

ALTER TABLE callcentre.event_batches MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE callcentre.site_snapshots MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
