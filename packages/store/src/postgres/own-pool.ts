import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { memberOf } from '@kube-authn/core/internal'
import type { Client, ClientConfig, Pool } from 'pg'
import { StoreError } from '../store-error.ts'
import { type DatabaseOptions, type PostgresClient, statementTimeoutMs } from './database.ts'

/** How long a connection is idle before it is asked whether it is still there. Firewalls forget it after minutes. */
const KEEP_ALIVE_MS = 10_000

/**
 * A pool of connections, which are made when they are needed. `end` is for when the store is closed. `cutOff` ends a connection at once: what the server was not sent
 * yet, it is never sent.
 *
 * @param isSession whether each connection has a session of the server, and keeps it.
 * @throws {StoreError} `storeUnavailable` if the package `pg` is not installed.
 */
export async function ownPool(
  connectionString: string,
  timeoutMs: number,
  isSession: boolean,
): Promise<Omit<DatabaseOptions, 'timeoutMs'>> {
  const { Client: ClientOfDriver, Pool: PoolOfDriver } = await driver()
  const { Socket: SocketOfNode } = await import('node:net')
  const sockets = new WeakMap<object, Socket>()
  class ClientWithSocket extends ClientOfDriver {
    constructor(config?: ClientConfig) {
      const socket = new SocketOfNode()
      super({ ...config, stream: () => socket })
      sockets.set(this, socket)
      destroyAfterError(memberOf(this, 'connection'), socket)
    }
  }
  const pool = new PoolOfDriver({
    connectionString,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    Client: ClientWithSocket,
    ...(isSession && { ['statement_timeout']: statementTimeoutMs(timeoutMs) }),
  })
  // A connection that nothing uses was lost: the pool makes another.
  pool.on('error', () => undefined)
  return { pool, end: () => pool.end(), cutOff: (client) => cutOff(client, sockets.get(client)) }
}

/** The driver leaves a connection open that it cannot use, and so the process, until the server no longer waits for a password. */
function destroyAfterError(connection: unknown, socket: Socket): void {
  if (connection instanceof EventEmitter) connection.on('error', () => socket.destroy())
}

/**
 * The driver would close the connection, and the kernel go on sending what it has until the network is back: a write that was refused would be made minutes later. After a
 * reset it forgets that.
 */
function cutOff(client: PostgresClient, socket: Socket | undefined): void {
  // Only connections of TCP can be reset: one that is closed already has no address, nor has the socket of a file.
  if (socket?.remoteFamily === undefined) {
    client.release(true)
    return
  }
  // The driver must not close it meanwhile.
  socket.once('close', () => client.release(true))
  socket.resetAndDestroy()
  // Otherwise it would first be sent what Node.js has not given to the kernel yet.
  if (socket.writableLength > 0) socket.destroy()
}

/** Loaded only for a store that has no pool yet. */
async function driver(): Promise<{ readonly Client: typeof Client; readonly Pool: typeof Pool }> {
  try {
    return await import('pg')
  } catch (cause) {
    throw new StoreError('storeUnavailable', 'PostgreSQL needs the package pg: npm install pg', cause)
  }
}
