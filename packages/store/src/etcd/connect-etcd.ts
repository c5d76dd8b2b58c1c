import { type Clock, ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import {
  aClock,
  aString,
  defined,
  elapsedTimeOf,
  nonEmptyListOf,
  refuseProblems,
  type StoreTime,
  storeTime,
  systemClock,
} from '@kube-authn/core/internal'
import {
  aBoolean,
  above,
  aFunction,
  aNonEmptyString,
  checkOptions,
  type OptionsShape,
  required,
} from '@kube-authn/core/adapter'
import { createFetch } from '@kube-authn/node'
import { type HistoryLimit, historyLimitOf, type HistoryOptions, historyShape } from '../local/history.ts'
import { type EtcdClient, etcdClient, type EtcdFetch } from './etcd-client.ts'
import { type EtcdKeys, etcdKeys } from './etcd-keys.ts'

/** Options of `etcdObjectStore`. */
export interface EtcdObjectStoreOptions extends HistoryOptions {
  /** The URLs of the client ports of the members, `https://etcd-1.example.com:2379`. They are tried in turn. */
  readonly endpoints: readonly string[]
  /** What the keys of the store begin with. Default `/kube-authn/`. */
  readonly prefix?: string
  /** The path of a PEM file with the CAs of the servers. It is read again when it changes, as the next two are. Default: the CAs of Node.js. */
  readonly caFile?: string
  /** The path of a PEM file with the client certificate. Requires `keyFile`. */
  readonly certFile?: string
  /** The path of a PEM file with its key, not encrypted. */
  readonly keyFile?: string
  /** A user of etcd, if authentication is enabled in it. Requires `password`. */
  readonly username?: string
  /** Its password. */
  readonly password?: string
  /** The time limit of each call. A write whose answer is lost takes up to three times as long. Default 5. */
  readonly timeoutSeconds?: number
  /** Allow `http` endpoints: others on the way can read and change everything. Default `false`. */
  readonly allowInsecureHttp?: boolean
  /** Calls etcd, instead of the connections of the store; for watches too, which do not end. The files are not used then. */
  readonly fetch?: EtcdFetch
  /** Says when objects expire. Default: the time of etcd. */
  readonly clock?: Clock
}

const shape: OptionsShape<EtcdObjectStoreOptions> = {
  ...historyShape,
  endpoints: required(nonEmptyListOf(aNonEmptyString)),
  prefix: aString,
  caFile: aNonEmptyString,
  certFile: aNonEmptyString,
  keyFile: aNonEmptyString,
  username: aNonEmptyString,
  password: aNonEmptyString,
  timeoutSeconds: above(0, 600),
  allowInsecureHttp: aBoolean,
  fetch: aFunction,
  clock: aClock,
}

/** A watch of etcd is begun anew at least once a day. */
const WATCH_SECONDS = 86_400

/** An etcd that can be called, and where the store is in it. */
export interface EtcdConnection {
  readonly client: EtcdClient
  readonly keys: EtcdKeys
  readonly time: StoreTime
  readonly clock: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
  readonly timeoutMs: number
  readonly limit: HistoryLimit
  readonly close: () => void
}

/** Nothing is sent yet. @throws {ConfigurationError} if an option is invalid. */
export function connectEtcd(options: EtcdObjectStoreOptions): EtcdConnection {
  checkOptions(shape, options)
  const { clock = systemClock, prefix = '/kube-authn/', timeoutSeconds = 5 } = options
  const { allowInsecureHttp = false } = options
  const endpoints = options.endpoints.map((each) => each.replace(/\/+$/, ''))
  refuseProblems(endpoints.flatMap((each, index) => endpointProblem(each, index, allowInsecureHttp)))
  const elapsedMs = elapsedTimeOf(options.clock)
  const time = storeTime(clock, elapsedMs, options.clock !== undefined)
  const { fetch, watchFetch, close } = connectionsOf(options, timeoutSeconds)
  const timeoutMs = timeoutSeconds * 1000
  const client = etcdClient({
    endpoints,
    fetch,
    watchFetch,
    timeoutMs,
    credentials: credentialsOf(options),
    time,
    timers: systemClock,
    elapsedMs: () => performance.now(),
  })
  const limit = historyLimitOf(options)
  return { client, keys: etcdKeys(prefix), time, clock, elapsedMs, timeoutMs, limit, close }
}

function connectionsOf(options: EtcdObjectStoreOptions, timeoutSeconds: number) {
  const { fetch: given, caFile, certFile, keyFile, allowInsecureHttp = false } = options
  if (given !== undefined) return { fetch: given, watchFetch: given, close: () => {} }
  const transport = defined({ caFile, certFile, keyFile })
  const maxBytes = Number.MAX_SAFE_INTEGER
  const fetch = createFetch(transport, { allowInsecureHttp, timeoutSeconds, maxBytes })
  const watchFetch = createFetch(transport, { allowInsecureHttp, timeoutSeconds: WATCH_SECONDS, maxBytes })
  const close = (): void => {
    fetch.close()
    watchFetch.close()
  }
  return { fetch, watchFetch, close }
}

function credentialsOf({ username, password }: EtcdObjectStoreOptions) {
  if (username !== undefined && password !== undefined) return { username, password }
  if (username === undefined && password === undefined) return undefined
  throw new ConfigurationError([
    { path: 'password', message: 'username and password must be given together' },
  ])
}

/** What is wrong with the URL of a member. The URL is not repeated: it may have a password. */
function endpointProblem(
  endpoint: string,
  index: number,
  allowInsecureHttp: boolean,
): readonly ConfigurationProblem[] {
  const path = `endpoints[${index}]`
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined) return [{ path, message: 'must be a URL' }]
  if (url.protocol !== 'https:' && !(allowInsecureHttp && url.protocol === 'http:')) {
    return [{ path, message: 'must be an https URL' }]
  }
  if (url.username !== '' || url.password !== '') {
    return [{ path, message: 'must not have credentials in it; use username and password' }]
  }
  if (url.search !== '' || url.hash !== '') return [{ path, message: 'must not have a query or a fragment' }]
  return []
}
