/** A name as SQL takes it, whatever its characters are. */
export function quotedIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export const SCHEMA_VERSION = 2
/** A program works with the tables of the version after its own, too, so that replicas can be upgraded one by one, and taken back. */
export const NEWEST_USABLE_VERSION: number = SCHEMA_VERSION + 1

/**
 * The steps from each version to the next one. A step is never changed once it was published: another follows it. From version 3 on, a step only adds to what the version before
 * it uses (another function has another name), and may remove what the one before that has used.
 */
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

/**
 * Makes a group of changes in one statement, which is one transaction: so a client that stops or goes away while it writes never holds the lock, and it works
 * over pools that give a connection for one transaction only.
 *
 * First it deletes at most `p_most` objects that have expired. `p_now` is the time, if it is not that of the database.
 *
 * Each row that it returns is a change, a refusal, or, the last one, the state of the store as JSON. `o_position` counts from 1, and is 0 for what expired.
 */
function writeFunction(s: string, channel: string): string {
  return WRITE.replaceAll('{schema}', () => s)
    .replaceAll('{channel}', () => channel)
    .replaceAll('{head}', String(HEAD_LENGTH))
}

/** How many characters of a key a notification has: as many as `/registry/` and `/sessions/`. */
const HEAD_LENGTH = 10

/** The lock of the store; what has expired, and then what is asked for, in order; the state of the store, and a notification of the other processes, which says how the keys begin. */
const WRITE = `
    CREATE FUNCTION {schema}.write(
      p_types text[], p_keys text[], p_values text[], p_revisions double precision[], p_created double precision[],
      p_ttls double precision[], p_fences text[], p_fences_created double precision[], p_now double precision, p_most integer, p_wait_ms integer
    ) RETURNS TABLE (
      o_position integer, o_outcome text, o_key text, o_value text, o_revision double precision, o_created double precision,
      o_expires double precision, o_previous text
    ) LANGUAGE plpgsql AS $function$
    DECLARE
      -- Types of tables would wait for their locks before there is a limit.
      v_store record;
      v_first bigint;
      v_now double precision;
      v_expires double precision;
      v_length integer;
      v_op record;
      -- How the keys of the changes begin: replicas that follow none of them need not ask.
      v_heads text[] := '{}';
      v_old record;
      v_is_there boolean;
    BEGIN
      -- With one snapshot for all statements, the objects would be those from before the lock.
      IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'default_transaction_isolation must be read committed' USING ERRCODE = 'object_not_in_prerequisite_state';
      END IF;
      IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
      END IF;
      PERFORM set_config('lock_timeout', p_wait_ms || 'ms', true);
      -- What is returned is sent before the commit: a client that does not read it must not keep the lock.
      PERFORM set_config('tcp_user_timeout', greatest(p_wait_ms / 2, 1) || 'ms', true);
      SELECT * INTO STRICT v_store FROM {schema}.store FOR UPDATE;
      v_first := v_store.revision;
      v_now := coalesce(p_now, extract(epoch FROM clock_timestamp()) * 1000);
      FOR v_op IN
        SELECT 0 AS position, 'expire' AS type, e.key, NULL::text AS value, NULL::double precision AS revision, NULL::double precision AS created,
          NULL::double precision AS ttl, NULL::text AS fence, NULL::double precision AS fence_created
        FROM (SELECT ob.key FROM {schema}.object ob WHERE ob.expires <= v_now ORDER BY ob.expires, ob.key LIMIT p_most) e
        UNION ALL
        SELECT t.position::integer, t.type, t.key, t.value, t.revision, t.created, t.ttl, t.fence, t.fence_created
        FROM unnest(p_types, p_keys, p_values, p_revisions, p_created, p_ttls, p_fences, p_fences_created)
          WITH ORDINALITY AS t(type, key, value, revision, created, ttl, fence, fence_created, position)
      LOOP
        SELECT * INTO v_old FROM {schema}.object ob WHERE ob.key = v_op.key;
        v_is_there := FOUND;
        o_key := v_op.key;
        IF NOT left(v_op.key, {head}) = ANY(v_heads) THEN
          v_heads := v_heads || left(v_op.key, {head});
        END IF;
        IF v_is_there AND v_old.expires <= v_now THEN
          v_is_there := false;
          v_store.revision := v_store.revision + 1;
          v_length := char_length(v_old.value);
          v_store.length := v_store.length + v_length;
          DELETE FROM {schema}.object ob WHERE ob.key = v_op.key;
          INSERT INTO {schema}.change VALUES (
            v_store.revision, 'deleted', v_op.key, v_old.value, v_old.created, NULL, NULL, v_old.revision, v_old.expires, v_length
          );
          o_position := 0;
          o_outcome := 'deleted';
          o_value := v_old.value;
          o_revision := v_store.revision;
          o_created := v_old.created;
          o_expires := NULL;
          o_previous := NULL;
          RETURN NEXT;
        END IF;
        CONTINUE WHEN v_op.type = 'expire';
        o_position := v_op.position;
        o_outcome := CASE
          WHEN v_op.fence IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM {schema}.object ob
            WHERE ob.key = v_op.fence AND ob.created = v_op.fence_created AND (ob.expires IS NULL OR ob.expires > v_now)
          ) THEN 'fenced'
          WHEN v_op.type = 'created' THEN CASE WHEN v_is_there THEN 'objectExists' END
          WHEN NOT v_is_there THEN 'objectNotFound'
          WHEN v_op.revision <> v_old.revision OR v_op.created <> v_old.created THEN 'revisionConflict'
        END;
        IF o_outcome IS NULL THEN
          v_store.revision := v_store.revision + 1;
          o_outcome := v_op.type;
          o_value := NULL;
          o_revision := v_store.revision;
          o_created := v_old.created;
          o_expires := NULL;
          o_previous := NULL;
          -- Never before its time.
          v_expires := ceil(v_now + v_op.ttl);
          IF v_op.type = 'created' THEN
            o_created := v_store.revision;
            o_expires := v_expires;
            v_length := char_length(v_op.value);
            INSERT INTO {schema}.object VALUES (v_op.key, v_op.value, v_store.revision, v_store.revision, v_expires);
            INSERT INTO {schema}.change VALUES (
              v_store.revision, 'created', v_op.key, v_op.value, v_store.revision, v_expires, NULL, NULL, NULL, v_length
            );
          ELSIF v_op.type = 'updated' THEN
            o_expires := v_expires;
            o_previous := v_old.value;
            v_length := char_length(v_op.value) + char_length(v_old.value);
            UPDATE {schema}.object ob SET value = v_op.value, revision = v_store.revision, expires = v_expires WHERE ob.key = v_op.key;
            INSERT INTO {schema}.change VALUES (
              v_store.revision, 'updated', v_op.key, v_op.value, v_old.created, v_expires, v_old.value, v_old.revision, v_old.expires, v_length
            );
          ELSE
            o_value := v_old.value;
            v_length := char_length(v_old.value);
            DELETE FROM {schema}.object ob WHERE ob.key = v_op.key;
            INSERT INTO {schema}.change VALUES (
              v_store.revision, 'deleted', v_op.key, v_old.value, v_old.created, NULL, NULL, v_old.revision, v_old.expires, v_length
            );
          END IF;
          v_store.length := v_store.length + v_length;
        END IF;
        RETURN NEXT;
      END LOOP;
      IF v_store.revision > v_first THEN
        UPDATE {schema}.store SET revision = v_store.revision, length = v_store.length;
        PERFORM pg_notify('{channel}', CASE WHEN cardinality(v_heads) <= 32 THEN to_json(v_heads)::text ELSE '' END);
      END IF;
      o_position := NULL;
      o_outcome := 'state';
      o_key := NULL;
      o_value := json_build_object(
        'revision', v_store.revision, 'compacted', v_store.compacted, 'length', v_store.length, 'now', v_now,
        'next', (SELECT min(ob.expires) FROM {schema}.object ob WHERE ob.expires IS NOT NULL)
      );
      o_revision := NULL;
      o_created := NULL;
      o_expires := NULL;
      o_previous := NULL;
      RETURN NEXT;
    END
    $function$;`

/** Removes the function of version 1, if it is there. */
function dropWriteFunction(s: string): string {
  const parameters = `text[], text[], text[], ${'double precision[], '.repeat(3)}double precision, integer, integer`
  return `DROP FUNCTION IF EXISTS ${s}.write(${parameters})`
}
