/** How serious a log line is. `error`: the app or a service it needs is at fault. `warn`: a refusal, or a likely mistake. No more will be added. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** A logger: `console`, pino, winston, and every other one with these methods. Each is called with one string, which is one line. */
export interface Logger {
  debug(message: string): unknown
  info(message: string): unknown
  warn(message: string): unknown
  error(message: string): unknown
}

/** A line of the log, with its parts. No member contains a credential, a query or a control character, and all have a limited length. More members and types may be added in a minor version. */
export interface LogEntry {
  readonly level: LogLevel
  /** The whole line. */
  readonly message: string
  /** `refusal`: a refused request. `leftOut`: the number of refusals that were not logged. `notice`: anything else. */
  readonly type: 'refusal' | 'leftOut' | 'notice'
  /** The HTTP status of the refusal. */
  readonly status?: number
  readonly method?: string
  /** Without the query. */
  readonly path?: string
  /** The address of the client, as far as the framework knows it. */
  readonly address?: string
  /** What kind of credential was sent, with the unverified issuer, audience and key id of a JWT. */
  readonly sent?: string
  /** The authenticators that refused the request. */
  readonly refusedBy?: readonly string[]
  /** The user that may not make the request (403). */
  readonly username?: string
  readonly reason?: string
  readonly advice?: string
  /** The kind of a notice, as in `KUBE_AUTHN_NOTICE`. */
  readonly code?: string
  /** How many refusals were not logged. */
  readonly count?: number
}

/**
 * Where log lines go: a logger, a function that receives every line with its parts, or `false` for nowhere.
 *
 * Without it, refusals are printed by `console` in development, and only those with the level `error` in production; see `docs/troubleshooting.md`.
 */
export type Log = Logger | ((entry: LogEntry) => unknown) | false
