import { sslModeProblem } from '@kube-authn/store/internal/node'

/** Those that say what protects the connection: the certificate of the server, or nothing. */
const SSL_MODES: ReadonlySet<string | null> = new Set(['verify-full', 'disable'])

/**
 * What is wrong with the URL of a PostgreSQL; `undefined` if nothing is. A password would be in the list of processes, so it comes by `PGPASSWORD` or the
 * file of `PGPASSFILE`. Without TLS the password and all objects could be read on the way, so that must be said.
 */
export function postgresUrlProblem(value: string): string | undefined {
  if (!/^postgres(?:ql)?:\/\//.test(value) || !URL.canParse(value)) {
    return 'must be a URL, as in postgres://USER@HOST:PORT/DATABASE'
  }
  const url = new URL(value)
  const { pathname, password, hostname, searchParams } = url
  if (password !== '' || searchParams.has('password')) {
    return 'must not have a password, which others would see in the list of processes: set PGPASSWORD, or PGPASSFILE to a file'
  }
  if (pathname.length < 2) return 'must name a database'
  // The driver takes the last one.
  if (new Set(searchParams.keys()).size < [...searchParams].length) return 'must have each parameter once'
  if (!LISTEN.has(searchParams.get('listen'))) return 'must have listen=false, or no listen'
  const problem = sslModeProblem(url)
  if (problem !== undefined) return problem
  const host = searchParams.get('host') ?? (hostname === '' ? (process.env['PGHOST'] ?? '') : hostname)
  if (isLocal(host) || SSL_MODES.has(searchParams.get('sslmode'))) return undefined
  return 'must have sslmode=verify-full, or sslmode=disable if the network is trusted'
}

/** Without `LISTEN`, as behind a pgbouncer that pools transactions; `null` with it. */
const LISTEN: ReadonlySet<string | null> = new Set(['false', null])

/** Where the store is. `listen` is a parameter of this URL only. */
export function readPostgresUrl(value: string): {
  readonly connectionString: string
  readonly listen: boolean
} {
  const url = new URL(value)
  const listen = url.searchParams.get('listen') === null
  if (listen) return { connectionString: value, listen }
  url.searchParams.delete('listen')
  return { connectionString: url.href, listen }
}

/** A loopback address, or the folder of a Unix socket. */
function isLocal(host: string): boolean {
  return host.startsWith('/') || /^(?:|localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host)
}

/** The URL without its parameters. */
export function shownPostgresUrl(value: string): string {
  return value.split('?', 1)[0] ?? ''
}
