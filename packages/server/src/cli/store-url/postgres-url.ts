import { sslModeProblem } from '@kube-authn/store/internal/node'

/** Those that say what protects the connection: the certificate of the server, or nothing. */
const SSL_MODES: ReadonlySet<string | null> = new Set(['verify-full', 'disable'])

/** Without `LISTEN`, as behind a pgbouncer that pools transactions; `null` with it. */
const LISTEN: ReadonlySet<string | null> = new Set(['false', null])

/** Where a store is, as a value of `--store` names it; otherwise what is wrong with it. */
export type PostgresUrl =
  | {
      readonly connectionString: string
      readonly listen: boolean
      /** Without its parameters. */
      readonly shown: string
    }
  | { readonly problem: string }

/** Reads a URL of PostgreSQL. `listen` is a parameter of this URL only. What is wrong is said without the value. */
export function readPostgresUrl(value: string): PostgresUrl {
  const problem = problemOf(value)
  if (problem !== undefined) return { problem }
  const shown = value.split('?', 1)[0] ?? ''
  const url = new URL(value)
  if (!url.searchParams.has('listen')) return { connectionString: value, listen: true, shown }
  url.searchParams.delete('listen')
  return { connectionString: url.href, listen: false, shown }
}

/**
 * A password would be in the list of processes, so it comes by `PGPASSWORD` or the file of `PGPASSFILE`. Without TLS the password and all objects could be
 * read on the way, so that must be said.
 */
function problemOf(value: string): string | undefined {
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

/** A loopback address, or the folder of a Unix socket. */
function isLocal(host: string): boolean {
  return host.startsWith('/') || /^(?:|localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host)
}
