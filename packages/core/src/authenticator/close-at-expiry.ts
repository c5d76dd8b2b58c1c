import type { Authentication } from './authenticator.ts'

import { must, optionProblems, type OptionsShape, refuseProblems } from '../internal/options/index.ts'
import { hasMethod } from '../internal/options/check.ts'
import { tell } from '../internal/tell.ts'
import { untilExpiry, untilExpiryShape, type UntilExpiryOptions } from './until-expiry.ts'

/** A WebSocket of any runtime or of `ws`, a socket of Socket.IO, a response of Node, a stream of Hono: what can be closed. */
export type LongConnection =
  | { close(code?: number, reason?: string): unknown }
  | { disconnect(close?: boolean): unknown }
  | { end(): unknown }

/** Options of {@link closeAtExpiry}. */
export interface CloseAtExpiryOptions extends UntilExpiryOptions {
  /** The close code of a WebSocket, from 3000 to 4999, since no others can be sent on every runtime. Default 4401. */
  readonly closeCode?: number
}

const shape: OptionsShape<CloseAtExpiryOptions> = {
  ...untilExpiryShape,
  closeCode: must(
    'must be a whole number from 3000 to 4999',
    (value) => Number.isInteger(value) && Number(value) >= 3000 && Number(value) <= 4999,
  ),
}

/**
 * Closes a connection when the credential of its request expires or is revoked: a WebSocket with the code 4401 and the reason `credential expired`, a response by its
 * end.
 *
 * The code is one for private use (RFC 6455 section 7.4.2) that many servers use for what 401 means. The client should connect again, with a new
 * credential. 1008 would be the registered one, but the runtimes with the WebSocket API of browsers cannot send it.
 *
 * @param connection one that tells when it is closed, by an event `close` or `disconnect`. If it does not, call the result or abort `signal` then.
 * @returns a function that stops waiting.
 * @throws {ConfigurationError} if the connection cannot be closed, or an option is invalid.
 * @example
 * sockets.on('connection', (socket, req) => closeAtExpiry(socket, getAuthentication(req)))
 */
export function closeAtExpiry(
  connection: LongConnection,
  authentication: Pick<Authentication, 'expiresAtMs' | 'revocation'>,
  options: CloseAtExpiryOptions = {},
): () => void {
  refuseProblems(aConnection(connection, 'connection'), optionProblems(shape, options))
  const { closeCode = CREDENTIAL_EXPIRED, signal, ...rest } = options
  const closed = new AbortController()
  const stop = (): void => closed.abort()
  if (signal?.aborted === true) stop()
  signal?.addEventListener('abort', stop, { once: true, signal: closed.signal })
  onceClosed(connection, stop)

  const expired = untilExpiry(authentication, { ...rest, signal: closed.signal })
  const close = (): void => {
    stop()
    // It may have been closed in the meantime, which is an error of some connections.
    tell(() => closeNow(connection, closeCode), undefined)
  }
  if (expired.aborted) close()
  else expired.addEventListener('abort', close, { once: true, signal: closed.signal })
  return stop
}

/** The close code of a WebSocket whose credential has expired. */
const CREDENTIAL_EXPIRED = 4401

function closeNow(connection: LongConnection, closeCode: number): unknown {
  if ('disconnect' in connection) return connection.disconnect(true)
  if ('end' in connection) return connection.end()
  return connection.close(closeCode, 'credential expired')
}

const aConnection = must(
  'must be a WebSocket, a socket of Socket.IO, a response of Node or a stream: something with a method close, disconnect or end',
  (value) => hasMethod(value, 'close') || hasMethod(value, 'disconnect') || hasMethod(value, 'end'),
)

/** Listens to every way in which connections tell that they are closed. */
function onceClosed(connection: object, listener: () => void): void {
  // A context of Hono has the WebSocket of the runtime in `raw`.
  const raw: unknown = 'raw' in connection ? connection.raw : undefined
  const source = typeof raw === 'object' && raw !== null ? raw : connection
  if (hasListeners(source)) {
    source.once('close', listener)
    source.once('disconnect', listener)
  } else if (isEventTarget(source)) source.addEventListener('close', listener, { once: true })
  else if (isAbortable(source)) source.onAbort(listener)
}

interface Listened {
  once(event: string, listener: () => void): unknown
}

function hasListeners(value: object): value is Listened {
  return hasMethod(value, 'once')
}

function isEventTarget(value: object): value is Pick<EventTarget, 'addEventListener'> {
  return hasMethod(value, 'addEventListener')
}

/** A stream of Hono. */
function isAbortable(value: object): value is { onAbort(listener: () => void): unknown } {
  return hasMethod(value, 'onAbort')
}
