import { memberOf } from '@kube-authn/core/internal'
import { StoreError } from '../store-error.ts'

const UNREADABLE = 'a file that the connection string names for TLS cannot be read'
const PLAIN = 'sslmode=disable does without, if the network is trusted'
/** What Node.js says of certificates. */
const CERTIFICATE =
  /^(?:CERT_|CRL_|ERR_TLS_CERT|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/
const NOT_MIGRATED = 'its schema has no store; migratePostgresStore makes one'

/** By SQLSTATE, or the first two characters of one. The messages of PostgreSQL are not repeated: some have parts of keys and values. */
const REASONS: Readonly<Record<string, string>> = {
  '08': 'the connection failed',
  '08P01':
    'the server does not understand the connection; if it is a pgbouncer that pools transactions, set listen to false',
  '25006': 'the server is read-only: it is a standby, or full',
  '28': 'the user was not authenticated',
  '28P01':
    'the user was not authenticated: the password is wrong, or none was given (PGPASSWORD, PGPASSFILE)',
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
  '57P03': 'the database is starting up, or shutting down',
  '58': 'the server cannot use a file',
  XX001: 'the database is damaged',
  XX002: 'the database is damaged',
}

/** By what the driver says, which has no codes. */
const DRIVER_REASONS: readonly (readonly [message: RegExp, reason: string])[] = [
  [
    /^SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be/,
    'the server asks for a password, and there is none: set PGPASSWORD, or PGPASSFILE to a file that only you can read',
  ],
  [/^The server does not support SSL connections/, `the server has no TLS: ${PLAIN}`],
  [/^There was an error establishing an SSL connection/, 'the server does not begin TLS'],
  [/^SASL: SCRAM-SERVER-FINAL-MESSAGE/, 'the server does not know the password itself, so it is another one'],
  [/^SASL: /, 'the server asks for an authentication that is not supported'],
  [/timeout e(?:xpired|xceeded)|due to connection timeout/, 'no connection was made in time'],
  [/^Connection terminated/, 'the server closed the connection'],
]

/** A failure with what PostgreSQL called it. */
export class PostgresFailure extends StoreError {
  /** The SQLSTATE, or the code of an error of the network. */
  readonly state: string | undefined

  constructor(why: string, state: string | undefined) {
    super(
      state === 'XX001' || state === 'XX002' ? 'storeCorrupted' : 'storeUnavailable',
      `PostgreSQL cannot be used: ${why}${state === undefined ? '' : ` (${state})`}`,
    )
    this.state = state
  }
}

/** What an error of PostgreSQL, of its driver or of the network means. It has no part of the connection string and none of an object. */
export function postgresFailure(thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown
  const code = memberOf(thrown, 'code')
  const state = typeof code === 'string' && /^[A-Z\d_]{1,40}$/.test(code) ? code : undefined
  const isOfFile = memberOf(thrown, 'syscall') === 'open'
  const known = isOfFile ? UNREADABLE : state === undefined ? driverReasonOf(thrown) : reasonOf(state)
  return new PostgresFailure(known ?? 'the connection failed', state)
}

function driverReasonOf(thrown: unknown): string | undefined {
  const message = memberOf(thrown, 'message')
  if (typeof message !== 'string') return undefined
  return DRIVER_REASONS.find(([pattern]) => pattern.test(message))?.[1]
}

function reasonOf(state: string): string | undefined {
  if (Object.hasOwn(REASONS, state)) return REASONS[state]
  if (CERTIFICATE.test(state)) return 'the certificate of the server is not accepted'
  const group = state.slice(0, 2)
  if (state.length === 5 && Object.hasOwn(REASONS, group)) return REASONS[group]
  return /^\d[A-Z\d]{4}$|^[A-Z]{2}\d{3}$/.test(state) ? 'a statement failed' : undefined
}
