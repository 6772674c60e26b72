-- Schema 6: an entry that is claimed changes less.

-- Whose turn it is among sources is remembered by whoever claims.
ALTER TABLE source DROP COLUMN served;

-- The few that are claimed are found by entry_held.
DROP INDEX entry_claim;
