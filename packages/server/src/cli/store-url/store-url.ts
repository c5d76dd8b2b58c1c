import { resolve } from 'node:path'
import { defined } from '@kube-authn/core/internal'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { etcdObjectStore, type EtcdObjectStoreOptions } from '@kube-authn/store/etcd'
import type { StoreSnapshot } from '@kube-authn/store/internal'
import {
  migrateSqliteStore,
  postgresStoreVersions,
  readEtcdStore,
  readPostgresStore,
  readSqliteStore,
  sslModeProblem,
} from '@kube-authn/store/internal/node'
import { migratePostgresStore, postgresObjectStore } from '@kube-authn/store/postgres'
import { sqliteObjectStore } from '@kube-authn/store/sqlite'
import { Failure } from '../failure.ts'

/** A store that `--store` names. */
export interface NamedStore {
  /** Where the objects are, without passwords; `undefined` if in memory. */
  readonly shown: string | undefined
  /** Whether several processes can use it at the same time. */
  readonly isShared: boolean
  /** How long a server that starts waits for it, if it is unavailable. */
  readonly startSeconds: number
  /** @throws {StoreError} if it cannot be opened. */
  open(): Promise<ObjectStore>
}

/** A store that lasts longer than a process. It can be used without opening it for a server. */
export interface LastingStore extends NamedStore {
  readonly shown: string
  /** Reads it, without changing an object. @throws {StoreError} if there is none, or it cannot be read. */
  read<T>(work: (snapshot: StoreSnapshot) => Promise<T>): Promise<T>
  /**
   * Makes it, or brings it to the version of this program.
   *
   * @param isDryRun only says what would be done.
   * @returns `undefined` for an engine without a schema.
   * @throws {StoreError} if it cannot be made or migrated.
   */
  migrate(isDryRun: boolean): Promise<Migration | undefined>
}

export interface Migration {
  /** 0 if there is no store yet. */
  readonly before: number
  readonly after: number
}

/** What is wrong with a value of `--store`. The value is not repeated, since it may have a password. */
interface Problem {
  readonly problem: string
}

const LASTING_FORMS = 'sqlite:FILE, etcd://HOST:PORT, postgres://USER@HOST:PORT/DATABASE'

const MEMORY: NamedStore = {
  shown: undefined,
  isShared: false,
  startSeconds: 0,
  open: () => Promise.resolve(memoryObjectStore()),
}

/** The store that a value of `--store` names, or what is wrong with the value. */
export function namedStore(value: string): NamedStore | Problem {
  if (value === 'memory') return MEMORY
  if (value.startsWith('memory:')) return { problem: 'must be memory alone' }
  return lastingStore(value) ?? { problem: `must be one of memory, ${LASTING_FORMS}` }
}

/** The store that a value of `--store` names. @throws {Failure} if it names none. */
export function requireStore(value: string): NamedStore {
  return required(namedStore(value))
}

/** The store that a value of `--store` names, which must last longer than the process. @throws {Failure} if it names none. */
export function requireLastingStore(value: string): LastingStore {
  return required(lastingStore(value) ?? { problem: `must be one of ${LASTING_FORMS}` })
}

function required<T extends object>(store: T | Problem): T {
  if ('problem' in store) throw new Failure(`--store: ${store.problem}`)
  return store
}

/** `undefined` if the value begins as no such store does. */
function lastingStore(value: string): LastingStore | Problem | undefined {
  switch (value.split(':', 1)[0]) {
    case 'sqlite':
      return sqliteStore(value.slice('sqlite:'.length))
    case 'etcd':
    case 'etcd+http':
      return etcdStore(value)
    case 'postgres':
    case 'postgresql':
      return postgresStore(value)
    default:
      return undefined
  }
}

function sqliteStore(file: string): LastingStore | Problem {
  if (file === '') return { problem: 'must name a file after sqlite:' }
  return {
    shown: resolve(file),
    isShared: false,
    startSeconds: 0,
    open: () => sqliteObjectStore({ file }),
    read: (work) => readSqliteStore(file, work),
    migrate: (isDryRun) => migrateSqliteStore(file, isDryRun),
  }
}

function etcdStore(value: string): LastingStore | Problem {
  const waits = waitsIn(value)
  if ('problem' in waits) return waits
  const url = readEtcdUrl(waits.rest)
  if ('problem' in url) return url
  const { shown } = url
  const options = { ...url.options, ...waits.timeout }
  return {
    shown,
    isShared: true,
    startSeconds: waits.startSeconds,
    open: () => etcdObjectStore(options),
    read: (work) => readEtcdStore(options, work),
    // It has no schema.
    migrate: () => Promise.resolve(undefined),
  }
}

function postgresStore(value: string): LastingStore | Problem {
  const waits = waitsIn(value)
  if ('problem' in waits) return waits
  const url = readPostgresUrl(waits.rest)
  if ('problem' in url) return url
  const { listen, shown } = url
  const options = { connectionString: url.connectionString, ...waits.timeout }
  return {
    shown,
    isShared: true,
    startSeconds: waits.startSeconds,
    async open() {
      await migratePostgresStore(options)
      return postgresObjectStore({ ...options, listen })
    },
    read: (work) => readPostgresStore(options, work),
    async migrate(isDryRun) {
      const versions = await postgresStoreVersions(options)
      if (!isDryRun) await migratePostgresStore(options)
      return versions
    },
  }
}

/** How long is waited for a store, as the parameters of its URL say. */
interface Waits {
  /** For a call; the default is that of the engine. */
  readonly timeout: { readonly timeoutSeconds?: number }
  readonly startSeconds: number
  /** The URL without these parameters. */
  readonly rest: string
}

const START_SECONDS = 60

/** What `timeoutSeconds` and `startSeconds` of the URL of a PostgreSQL or an etcd say. */
function waitsIn(value: string): Waits | Problem {
  const [url = '', query = ''] = value.split(/\?(.*)/s)
  const parameters = new URLSearchParams(query)
  const timeoutSeconds = secondsIn(parameters, 'timeoutSeconds')
  const startSeconds = secondsIn(parameters, 'startSeconds')
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0 && timeoutSeconds <= 600)) {
    return { problem: 'must have one timeoutSeconds above 0 and at most 600' }
  }
  if (startSeconds !== undefined && !(startSeconds <= 3600)) {
    return { problem: 'must have one startSeconds between 0 and 3600' }
  }
  const further = parameters.size === 0 ? '' : `?${parameters.toString()}`
  return {
    timeout: defined({ timeoutSeconds }),
    startSeconds: startSeconds ?? START_SECONDS,
    rest: timeoutSeconds === undefined && startSeconds === undefined ? value : url + further,
  }
}

/** Takes a parameter out. `NaN`: not a number of seconds, or more than one. */
function secondsIn(parameters: URLSearchParams, name: string): number | undefined {
  const given = parameters.getAll(name)
  parameters.delete(name)
  if (given.length === 0) return undefined
  return /^\d+(?:\.\d+)?$/.test(given.join()) ? Number(given[0]) : NaN
}

/** `etcd://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...][/PREFIX][?caFile=FILE&certFile=FILE&keyFile=FILE]` */
const FORM = /^etcd(\+http)?:\/\/(?:([^@/?]*)@)?([^@/?#]+)(\/[^?#]*)?(?:\?([^#]*))?$/
const FILES: ReadonlySet<string> = new Set(['caFile', 'certFile', 'keyFile'])

/**
 * Reads a URL of etcd. `etcd` is HTTPS; `etcd+http` is plain HTTP, and for the machine itself only, since anyone on the way could read and change everything.
 * What is wrong is said without the value, which may have a password.
 */
export function readEtcdUrl(
  value: string,
): { readonly options: EtcdObjectStoreOptions; readonly shown: string } | Problem {
  const [, plain, user, hosts = '', path, query = ''] = FORM.exec(value) ?? []
  if (hosts === '') return { problem: 'must be etcd://HOST:PORT' }
  const scheme = plain === undefined ? 'https' : 'http'
  const endpoints = hosts.split(',').map((host) => `${scheme}://${host}`)
  const urls = endpoints.flatMap((each) => (URL.canParse(each) ? [new URL(each)] : []))
  if (urls.length < endpoints.length) return { problem: 'must have hosts of the form HOST:PORT' }
  if (plain !== undefined && !urls.every(({ hostname }) => isLoopback(hostname))) {
    return {
      problem: 'must be etcd://, which is HTTPS: etcd+http:// is for the addresses of this machine only',
    }
  }
  const files = [...new URLSearchParams(query)]
  const isUnknown = files.some(([name, file]) => !FILES.has(name) || file === '')
  if (isUnknown || new Set(files.map(([name]) => name)).size < files.length) {
    return { problem: 'must have no other parameters than caFile, certFile and keyFile, each once' }
  }
  const credentials = user === undefined ? {} : credentialsOf(user)
  if (credentials === undefined) return { problem: 'must have USER:PASSWORD before the @, percent-encoded' }
  const options = {
    endpoints,
    allowInsecureHttp: plain !== undefined,
    ...(path !== undefined && path !== '/' && { prefix: path.endsWith('/') ? path : `${path}/` }),
    ...credentials,
    ...Object.fromEntries(files),
  }
  return { options, shown: `etcd${plain ?? ''}://${hosts}${path ?? ''}` }
}

function credentialsOf(user: string): { readonly username: string; readonly password: string } | undefined {
  const [, name = '', secret = ''] = /^([^:]+):(.+)$/.exec(user) ?? []
  try {
    const [username, password] = [decodeURIComponent(name), decodeURIComponent(secret)]
    return username === '' || password === '' ? undefined : { username, password }
  } catch {
    return undefined
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

/** Reads a URL of PostgreSQL. `listen` is a parameter of this URL only. What is wrong is said without the value. */
function readPostgresUrl(
  value: string,
): { readonly connectionString: string; readonly listen: boolean; readonly shown: string } | Problem {
  const problem = problemOf(value)
  if (problem !== undefined) return { problem }
  const shown = value.split('?', 1)[0] ?? ''
  const url = new URL(value)
  if (!url.searchParams.has('listen')) return { connectionString: value, listen: true, shown }
  url.searchParams.delete('listen')
  return { connectionString: url.href, listen: false, shown }
}

/** Those that say what protects the connection: the certificate of the server, or nothing. */
const SSL_MODES: ReadonlySet<string | null> = new Set(['verify-full', 'disable'])

/** Without `LISTEN`, as behind a pgbouncer that pools transactions; `null` with it. */
const LISTEN: ReadonlySet<string | null> = new Set(['false', null])

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
