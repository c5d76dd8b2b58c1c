import { unavailable } from '@kube-authn/core'
import type { createClient } from '@redis/client'
import { inTime } from './in-time.ts'

/** What a script is given. */
export interface ValkeyScriptOptions {
  readonly keys: string[]
  readonly arguments: string[]
}

/** The part of a client of `@redis/client` that is needed: of one server (`createClient`), of a cluster (`createCluster`), or with sentinels (`createSentinel`). */
export interface ValkeyClient {
  /** Runs a script in Lua: `EVAL`. */
  eval(script: string, options: ValkeyScriptOptions): Promise<unknown>
  /** Runs a script that the server knows: `EVALSHA`. It rejects with an error whose message begins with `NOSCRIPT` if the server does not. */
  evalSha(sha1: string, options: ValkeyScriptOptions): Promise<unknown>
}

/** A client that may be replaced. */
export interface ValkeyConnection {
  client(): ValkeyClient
  /** This client has not answered in time. */
  cutOff(client: ValkeyClient): void
  close(this: void): Promise<void>
}

/** The client of the app, which sees to its connections itself. */
export function givenConnection(client: ValkeyClient): ValkeyConnection {
  return { client: () => client, cutOff: () => undefined, close: () => Promise.resolve() }
}

const LONGEST_PAUSE_MS = 2000

/**
 * A connection of its own. One that does not answer in time is given up for a new one: the network may have forgotten it, and the kernel would try for a quarter of an
 * hour.
 *
 * @throws {AuthenticationError} `unavailable` if the package `@redis/client` is not installed, or there is no connection in time.
 */
export async function ownConnection(url: string, timeoutMs: number): Promise<ValkeyConnection> {
  const createClient = await driver()
  const open = () => {
    const opened = createClient({
      url: url.replace(/^valkey/, 'redis'),
      // A command is sent now or never.
      disableOfflineQueue: true,
      pingInterval: timeoutMs / 3,
      socket: {
        connectTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, LONGEST_PAUSE_MS),
      },
    })
    // It connects again by itself, and what is asked meanwhile fails.
    opened.on('error', () => undefined)
    return opened
  }
  let current = open()
  try {
    await inTime(current.connect(), timeoutMs)
  } catch (cause) {
    if (current.isOpen) current.destroy()
    throw unavailable('Valkey cannot be reached', { cause })
  }
  return {
    client: () => current,
    cutOff(client) {
      if (client !== current || !current.isOpen) return
      current.destroy()
      current = open()
      current.connect().catch(() => undefined)
    },
    async close() {
      if (!current.isOpen) return
      try {
        await inTime(current.close(), timeoutMs)
      } catch {
        if (current.isOpen) current.destroy()
      }
    },
  }
}

/** Loaded only for a URL. */
async function driver(): Promise<typeof createClient> {
  try {
    return (await import('@redis/client')).createClient
  } catch (cause) {
    throw unavailable('a URL of Valkey needs the package @redis/client: npm install @redis/client', { cause })
  }
}
