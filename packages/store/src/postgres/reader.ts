import { rangeEnd } from '../key-order.ts'
import type { StoreChange, StoredObject } from '../object-store.ts'
import type { StoreState } from '../revisions.ts'
import type { Database, Row } from './database.ts'
import { quotedIdentifier } from './schema.ts'
import { changeIn, dueIn, type NextExpiry, numberIn, objectIn, optionalNumberIn, stateIn } from './rows.ts'

/** What is read of the tables: each function is one statement, so that all it returns is of one moment. */
export interface Reader {
  state(): Promise<StoreState & NextExpiry>
  get(key: string): Promise<StoredObject | undefined>
  /** The objects of now. `isDue`: some have expired, and are left out, but their deletion is no change yet. */
  list(
    range: KeyRange,
  ): Promise<StoreState & { readonly objects: readonly StoredObject[]; readonly isDue: boolean }>
  /** The objects of an older revision. */
  listAt(
    range: KeyRange,
    revision: number,
  ): Promise<StoreState & { readonly objects: readonly StoredObject[] }>
  /** How many objects there are, up to `most`. */
  count(prefix: string, most: number): Promise<number>
  /** The changes of the keys with one of these prefixes. */
  changes(prefixes: readonly string[], since: number): Promise<ChangePage>
  /** Up to which revision changes exceed the limit. */
  surplus(limit: { readonly changes: number; readonly length: number }): Promise<number>
}

/** A part of the keys. */
export interface KeyRange {
  readonly prefix: string
  /** Only keys after this one. */
  readonly after?: string
  /** Absent: all. */
  readonly limit?: number
}

/** Some changes, in order. */
export interface ChangePage extends StoreState, NextExpiry {
  readonly changes: readonly StoreChange[]
  /** Whether there are more. */
  readonly isPart: boolean
}

/** The first key, the end, a key that is left out, and how many. */
function rangeOf({ prefix, after, limit }: KeyRange): readonly unknown[] {
  const [from, end] = boundsOf(prefix)
  return [after ?? from, end, after ?? '', limit ?? null]
}

/** A prefix that no key can have has an empty range. */
function boundsOf(prefix: string): readonly [from: string, end: string] {
  const isPossible = prefix.isWellFormed() && !prefix.includes('\0')
  return [isPossible ? prefix : rangeEnd(''), rangeEnd(isPossible ? prefix : '')]
}

/** How many changes are read at a time. */
const PAGE = 500
/** A page ends when its values have this many characters together. */
const PAGE_LENGTH = 1_048_576

/** @param now the time that counts, instead of that of the database. */
export function reader(database: Database, schema: string, now: () => number | null): Reader {
  const sql = statements(quotedIdentifier(schema))
  return {
    async state() {
      const [row] = await database.read(sql.state, [now()])
      return { ...stateIn(row), ...dueIn(row) }
    },
    async get(key) {
      const [row] = await database.read(sql.get, [key, now()])
      return row && objectIn(row)
    },
    async list(range) {
      const rows = await database.read(sql.list, [...rangeOf(range), now()])
      return { ...stateIn(rows[0]), objects: rowsOf(rows).map(objectIn), isDue: rows[0]?.['due'] === true }
    },
    async listAt(range, revision) {
      const rows = await database.read(sql.listAt, [...rangeOf(range), revision])
      return { ...stateIn(rows[0]), objects: rowsOf(rows).map(objectIn) }
    },
    async count(prefix, most) {
      const [row = {}] = await database.read(sql.count, [...boundsOf(prefix), most])
      return numberIn(row, 'count')
    },
    async changes(prefixes, since) {
      const bounds = prefixes.map(boundsOf)
      const parameters = [
        since,
        bounds.map(([from]) => from),
        bounds.map(([, end]) => end),
        PAGE,
        PAGE_LENGTH,
        now(),
      ]
      const rows = await database.read(sql.changes, parameters)
      const [first = {}] = rows
      const changes = rowsOf(rows).map(changeIn)
      const found = optionalNumberIn(first, 'found') ?? 0
      const isPart = found === PAGE || changes.length < found
      return { ...stateIn(first), ...dueIn(first), changes, isPart }
    },
    async surplus({ changes, length }) {
      const [row = {}] = await database.read(sql.surplus, [changes, length])
      return numberIn(row, 'surplus')
    },
  }
}

/** Without the row that only has the state, as there is nothing else. */
function rowsOf(rows: readonly Row[]): readonly Row[] {
  return rows.filter(({ key }) => key !== null)
}

const NOW_MS = 'extract(epoch FROM statement_timestamp()) * 1000'
const OBJECT = 'o.key, o.value, o.revision::float8 AS revision, o.created::float8 AS created, o.expires'

/** `s.id = 0` tells the planner that there is one row, before the table was ever analyzed. */
function statements(s: string): Readonly<Record<keyof Reader, string>> {
  const state = `s.revision::float8 AS last, s.compacted::float8 AS compacted`
  const expiry = (now: string): string =>
    `(SELECT min(e.expires) FROM ${s}.object e WHERE e.expires IS NOT NULL) AS next, coalesce(${now}::float8, ${NOW_MS}) AS now`
  return {
    state: `SELECT ${state}, ${expiry('$1')} FROM ${s}.store s WHERE s.id = 0`,
    get: `
      SELECT ${OBJECT} FROM ${s}.object o WHERE o.key = $1 AND (o.expires IS NULL OR o.expires > coalesce($2::float8, ${NOW_MS}))`,
    list: `
      SELECT ${state}, EXISTS (SELECT 1 FROM ${s}.object d WHERE d.expires <= t.now) AS due, p.*
      FROM ${s}.store s CROSS JOIN (SELECT coalesce($5::float8, ${NOW_MS}) AS now) t LEFT JOIN LATERAL (
        SELECT ${OBJECT} FROM ${s}.object o
        WHERE o.key >= $1 AND o.key < $2 AND o.key <> $3 AND (o.expires IS NULL OR o.expires > t.now) ORDER BY o.key LIMIT $4
      ) p ON true WHERE s.id = 0 ORDER BY p.key`,
    // What has changed since is as it was before its first change.
    listAt: `
      SELECT ${state}, p.* FROM ${s}.store s LEFT JOIN LATERAL (
        SELECT * FROM (
          (SELECT ${OBJECT} FROM ${s}.object o
            WHERE o.key >= $1 AND o.key < $2 AND o.key <> $3 AND o.revision <= $5 ORDER BY o.key LIMIT $4)
          UNION ALL
          (SELECT f.key, coalesce(f.previous, f.value), f.previous_revision::float8, f.created::float8, f.previous_expires FROM (
            SELECT DISTINCT ON (c.key) c.* FROM ${s}.change c
            WHERE c.revision > $5 AND c.key >= $1 AND c.key < $2 AND c.key <> $3 ORDER BY c.key, c.revision
          ) f WHERE f.previous_revision IS NOT NULL ORDER BY f.key LIMIT $4)
        ) u ORDER BY u.key LIMIT $4
      ) p ON true WHERE s.id = 0 ORDER BY p.key`,
    count: `
      SELECT count(*)::float8 AS count FROM (SELECT 1 FROM ${s}.object o WHERE o.key >= $1 AND o.key < $2 LIMIT $3) x`,
    changes: `
      SELECT ${state}, ${expiry('$6')}, p.*
      FROM ${s}.store s LEFT JOIN LATERAL (
        SELECT f.found::float8 AS found, o.type, o.previous, ${OBJECT} FROM (
          SELECT x.revision, count(*) OVER () AS found, sum(x.length) OVER (ORDER BY x.revision) - x.length AS before FROM (
            SELECT c.revision, c.length FROM ${s}.change c WHERE c.revision > $1 AND EXISTS (
              SELECT 1 FROM unnest($2::text[], $3::text[]) r(from_key, end_key) WHERE c.key >= r.from_key AND c.key < r.end_key
            ) ORDER BY c.revision LIMIT $4
          ) x
        ) f JOIN ${s}.change o ON o.revision = f.revision WHERE f.before < $5
      ) p ON true WHERE s.id = 0 ORDER BY p.revision`,
    surplus: `
      SELECT greatest(s.revision - $1, (
        SELECT max(c.revision) FROM (SELECT x.revision, sum(x.length) OVER (ORDER BY x.revision DESC) AS total FROM ${s}.change x) c
        WHERE c.total > $2
      ))::float8 AS surplus FROM ${s}.store s WHERE s.id = 0`,
  }
}
