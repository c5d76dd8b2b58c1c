import { rangeEnd } from '../key-order.ts'
import { inParts, type StoreSnapshot } from '../store-snapshot.ts'
import type { Query, Row } from './database.ts'
import { requireMigrated, versionOf } from './migration.ts'
import { type PostgresDatabaseOptions, withDatabase } from './open-database.ts'
import { numberIn, objectIn, stateIn } from './rows.ts'
import { quotedIdentifier, SCHEMA_VERSION } from './schema.ts'

/**
 * Reads the store in a database as it is now, in one transaction that cannot write.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} `storeUnavailable` if the database cannot be reached, or has no store of this version.
 */
export async function readPostgresStore<T>(
  options: PostgresDatabaseOptions,
  work: (snapshot: StoreSnapshot) => Promise<T>,
): Promise<T> {
  return withDatabase(options, async (database, schema) => {
    const schemaVersion = await requireMigrated(database, schema)
    return database.snapshot(async (query) =>
      work({ ...(await snapshotOf(query, quotedIdentifier(schema))), schemaVersion }),
    )
  })
}

/**
 * The version of the tables, 0 if there are none, and the one that they have after a migration by this program.
 *
 * @throws {StoreError} `storeUnavailable` if the database cannot be reached, or its tables are too new.
 */
export async function postgresStoreVersions(
  options: PostgresDatabaseOptions,
): Promise<{ readonly before: number; readonly after: number }> {
  return withDatabase(options, async ({ query }, schema) => {
    const before = await versionOf(query, schema)
    return { before, after: Math.max(before, SCHEMA_VERSION) }
  })
}

const PAGE = 500
/** A page ends when its values have this many bytes together. */
const PAGE_BYTES = 4_194_304

const STORE = 's.revision::float8 AS last, s.compacted::float8 AS compacted'

async function snapshotOf(query: Query, s: string): Promise<Omit<StoreSnapshot, 'schemaVersion'>> {
  const first = async (sql: string, values: readonly unknown[] = []): Promise<Row> =>
    (await query(sql, values))[0] ?? {}
  const { revision, compactedRevision } = stateIn(
    await first(`SELECT ${STORE} FROM ${s}.store s WHERE s.id = 0`),
  )
  return {
    engine: 'PostgreSQL',
    revision,
    compactedRevision,
    count: async (prefix) =>
      numberIn(
        await first(`SELECT count(*)::float8 AS count FROM ${s}.object o WHERE o.key >= $1 AND o.key < $2`, [
          prefix,
          rangeEnd(prefix),
        ]),
        'count',
      ),
    objects: (prefix) =>
      inParts(async (after = '') => {
        const from = after === '' ? prefix : after
        const rows = await query(objectsSql(s), [from, rangeEnd(prefix), after, PAGE, PAGE_BYTES])
        return rows.map(objectIn)
      }),
    async historyProblems() {
      const counts = await first(historySql(s))
      return PROBLEMS.flatMap(([name, problem]) => {
        const count = numberIn(counts, name)
        return count === 0 ? [] : [`${count} ${problem}`]
      })
    },
  }
}

function objectsSql(s: string): string {
  return `
    SELECT o.key, o.value, o.revision::float8 AS revision, o.created::float8 AS created, o.expires FROM (
      SELECT x.key, sum(x.length) OVER (ORDER BY x.key) - x.length AS before FROM (
        SELECT o.key, octet_length(o.value) AS length FROM ${s}.object o WHERE o.key >= $1 AND o.key < $2 AND o.key <> $3 ORDER BY o.key LIMIT $4
      ) x
    ) f JOIN ${s}.object o ON o.key = f.key WHERE f.before < $5 ORDER BY o.key`
}

const PROBLEMS: readonly (readonly [name: string, problem: string])[] = [
  ['outside', 'changes are newer than the revision of the store, or were to be forgotten'],
  ['missing', 'changes are missing'],
  ['created', 'changes have a revision of creation that cannot be theirs'],
  ['other', 'objects are not as their last change says'],
]

function historySql(s: string): string {
  return `
    SELECT
      (SELECT count(*) FROM ${s}.change c WHERE c.revision > s.revision OR c.revision <= s.compacted)::float8 AS outside,
      (s.revision - s.compacted - (SELECT count(*) FROM ${s}.change c WHERE c.revision <= s.revision AND c.revision > s.compacted))::float8 AS missing,
      (SELECT count(*) FROM ${s}.change c
        WHERE c.created < 1 OR c.created > c.revision OR (c.type = 'created') <> (c.created = c.revision))::float8 AS created,
      (SELECT count(*) FROM (SELECT DISTINCT ON (c.key) c.key, c.revision, c.type FROM ${s}.change c ORDER BY c.key, c.revision DESC) l
        WHERE (l.type = 'deleted') = EXISTS (
          SELECT 1 FROM ${s}.object o WHERE o.key = l.key AND (l.type = 'deleted' OR o.revision = l.revision)
        ))::float8 AS other
    FROM ${s}.store s WHERE s.id = 0`
}
