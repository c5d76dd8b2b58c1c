import { ConfigurationError, unavailable } from '@kube-authn/core'
import {
  must,
  optionProblems,
  refuseProblems,
  withFurtherProblems,
  withMethods,
} from '@kube-authn/core/internal'
import { above, type OptionsShape } from '@kube-authn/core/adapter'
import type { SessionKeeper } from '../sessions/session-keeper.ts'
import { sessionsShape, storedSessions, type StoredSessionsOptions } from '../sessions/stored-sessions.ts'
import { ABOUT } from './scripts.ts'
import { givenConnection, ownConnection, type ValkeyClient } from './valkey-client.ts'
import { type ValkeyServer, valkeyServer } from './valkey-server.ts'
import { valkeySessionStore } from './valkey-store.ts'

/** Options of {@link valkeySessions}. */
export interface ValkeySessionsOptions extends Omit<StoredSessionsOptions, 'store'> {
  /**
   * `valkeys://user:password@host:port/database` of one server, or `valkey://` without TLS; `rediss://` and `redis://` are the same. It needs the package
   * `@redis/client`.
   */
  readonly url?: string
  /** A client of `@redis/client` instead, which you close after the sessions: for a cluster, for sentinels, or for a private CA. It needs a listener for `error`. */
  readonly client?: ValkeyClient
  /** How long a connection and an answer may take. Default 5. */
  readonly timeoutSeconds?: number
}

const shape: OptionsShape<ValkeySessionsOptions> = {
  ...sessionsShape,
  url: must(
    'must be a URL that begins with valkeys://, valkey://, rediss:// or redis://',
    (value) => typeof value === 'string' && /^(?:valkey|redis)s?:\/\/[^/]/.test(value) && URL.canParse(value),
  ),
  client: withMethods('a client of @redis/client', 'eval', 'evalSha'),
  timeoutSeconds: above(0, 86_400),
}

const TIMEOUT_SECONDS = 5

/**
 * Sessions in Valkey or Redis, 6 or newer: those of `storedSessions`, in a store that ends them itself, and tells no replica of the sessions of others.
 *
 * @throws {ConfigurationError} if an option is invalid, or the server would evict sessions, or what has ended, when its memory is full.
 * @throws {AuthenticationError} `unavailable` if the server cannot be reached.
 * @example
 * const sessions = await valkeySessions({ url: 'valkeys://valkey.example.com:6379' })
 */
export async function valkeySessions(
  options: ValkeySessionsOptions,
): Promise<Required<SessionKeeper> & AsyncDisposable & { close(): Promise<void> }> {
  const problems = withFurtherProblems(optionProblems(shape, options), options ?? {}, ({ url, client }) => {
    if ((url === undefined) !== (client === undefined)) return []
    const message =
      url === undefined ? 'must be given, or a client' : 'must not be given together with a client'
    return [{ path: 'url', message }]
  })
  refuseProblems(problems)
  const { url = '', client, timeoutSeconds = TIMEOUT_SECONDS, ...others } = options
  const timeoutMs = timeoutSeconds * 1000
  const connection = client === undefined ? await ownConnection(url, timeoutMs) : givenConnection(client)
  const { close } = connection
  try {
    const server = valkeyServer(connection, timeoutMs)
    await requireServer(server, client === undefined ? 'url' : 'client')
    const keeper = storedSessions({ ...others, store: valkeySessionStore(server) })
    return { ...keeper, close, [Symbol.asyncDispose]: close }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

/** Refuses what a server says of itself that would lose sessions, or the ends of sessions. */
async function requireServer({ run }: ValkeyServer, path: 'url' | 'client'): Promise<void> {
  const about = await run(ABOUT, []).catch((cause: unknown) => {
    throw unavailable('Valkey cannot be used', { cause })
  })
  const told = new Map(
    Array.from(String(about).matchAll(/^(\w+):(\S+)/gm), ([, name, value]) => [name, value]),
  )
  const policy = told.get('maxmemory_policy') ?? 'noeviction'
  const message =
    policy !== 'noeviction'
      ? `must have the maxmemory-policy noeviction, and has ${policy}`
      : path === 'url' && told.get('cluster_enabled') === '1'
        ? 'is that of a cluster: give a client of createCluster'
        : undefined
  if (message !== undefined) throw new ConfigurationError([{ path, message }])
}
