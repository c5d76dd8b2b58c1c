import { dropWriteFunction, writeFunction } from './write-function.ts'

/** A name as SQL takes it, whatever its characters are. */
export function quotedIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The version of the tables and functions. */
export const SCHEMA_VERSION = 2

/** The steps from each version to the next one. A step is never changed once it was published: another follows it. */
export function migrations(schema: string): readonly (readonly string[])[] {
  const s = quotedIdentifier(schema)
  return [
    [...tables(s), compactFunction(s)],
    // Version 1 had another one, without fences.
    [dropWriteFunction(s), writeFunction(s, schema)],
  ]
}

/**
 * `store` has one row, which each writer locks: so revisions are given in the order of commits, and have no gap. `object` has what is now, and `change` what
 * happened, with the state before: a list at an older revision takes from it what has changed since.
 */
function tables(s: string): readonly string[] {
  return [
    `
    CREATE TABLE ${s}.store (
      id smallint PRIMARY KEY CHECK (id = 0),
      revision bigint NOT NULL,
      compacted bigint NOT NULL,
      length bigint NOT NULL
    )`,
    `INSERT INTO ${s}.store VALUES (0, 0, 0, 0)`,
    `CREATE TABLE ${s}.object (
      key text COLLATE "C" PRIMARY KEY,
      value text NOT NULL,
      revision bigint NOT NULL,
      created bigint NOT NULL,
      expires double precision
    )`,
    `CREATE INDEX object_that_expires ON ${s}.object (expires, key) WHERE expires IS NOT NULL`,
    `CREATE TABLE ${s}.change (
      revision bigint PRIMARY KEY,
      type text NOT NULL,
      key text COLLATE "C" NOT NULL,
      value text NOT NULL,
      created bigint NOT NULL,
      expires double precision,
      previous text,
      previous_revision bigint,
      previous_expires double precision,
      length integer NOT NULL
    )`,
  ]
}

/** Forgets changes up to a revision, and returns what was forgotten then. Nothing happens if the revision is yet to come. */
function compactFunction(s: string): string {
  return `
    CREATE FUNCTION ${s}.compact(p_revision bigint, p_wait_ms integer) RETURNS TABLE (o_revision double precision, o_compacted double precision)
    LANGUAGE plpgsql AS $function$
    DECLARE
      v_store record;
      v_length bigint;
    BEGIN
      PERFORM set_config('lock_timeout', p_wait_ms || 'ms', true);
      SELECT * INTO STRICT v_store FROM ${s}.store FOR UPDATE;
      IF p_revision > v_store.compacted AND p_revision <= v_store.revision THEN
        WITH gone AS (DELETE FROM ${s}.change c WHERE c.revision <= p_revision RETURNING c.length)
        SELECT coalesce(sum(gone.length), 0) INTO v_length FROM gone;
        v_store.compacted := p_revision;
        UPDATE ${s}.store SET compacted = v_store.compacted, length = v_store.length - v_length;
      END IF;
      RETURN QUERY SELECT v_store.revision::double precision, v_store.compacted::double precision;
    END
    $function$;`
}
