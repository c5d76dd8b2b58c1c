import { memberOf } from '@kube-authn/core/internal'
import { StoreError } from '../store-error.ts'

const NOT_MIGRATED = 'its schema has no store; migratePostgresStore makes one'

/** By SQLSTATE, or the first two characters of one. The messages of PostgreSQL are not repeated: some have parts of keys and values. */
const REASONS: Readonly<Record<string, string>> = {
  '08': 'the connection failed',
  '08P01':
    'the server does not understand the connection; if it is a pgbouncer that pools transactions, set listen to false',
  '25006': 'the server is read-only: it is a standby, or full',
  '28': 'the user was not authenticated',
  '3D000': 'the database does not exist',
  '42501': 'the user lacks a privilege',
  '42P01': NOT_MIGRATED,
  '42883': NOT_MIGRATED,
  '3F000': NOT_MIGRATED,
  '53100': 'the disk is full',
  '53': 'the server lacks resources',
  '55000': 'default_transaction_isolation must be read committed',
  '55P03': 'another write took too long',
  '57': 'the server stopped the statement, or stops itself',
  '57014': 'the server stopped a statement that took too long',
  '58': 'the server cannot use a file',
  XX001: 'the database is damaged',
  XX002: 'the database is damaged',
}

/** What an error of PostgreSQL, of its driver or of the network means. It has no part of the connection string and none of an object. */
export function postgresFailure(thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown
  const code = memberOf(thrown, 'code')
  const state = typeof code === 'string' && /^[A-Z\d_]{1,40}$/.test(code) ? code : undefined
  const known = state === undefined ? undefined : reasonOf(state)
  const why = known ?? 'the connection failed'
  return new StoreError(
    state === 'XX001' || state === 'XX002' ? 'storeCorrupted' : 'storeUnavailable',
    `PostgreSQL cannot be used: ${why}${state === undefined ? '' : ` (${state})`}`,
  )
}

function reasonOf(state: string): string | undefined {
  if (Object.hasOwn(REASONS, state)) return REASONS[state]
  const group = state.slice(0, 2)
  if (state.length === 5 && Object.hasOwn(REASONS, group)) return REASONS[group]
  return /^\d[A-Z\d]{4}$|^[A-Z]{2}\d{3}$/.test(state) ? 'a statement failed' : undefined
}
