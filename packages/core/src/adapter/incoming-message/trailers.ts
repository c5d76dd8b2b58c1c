import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { type HeaderSelector, selectorOf } from '../../request/headers/selector.ts'
import type { NodeRequest } from './node-request.ts'

/*
 * Trailers come behind the body, when the application has the request already, and whatever reads `trailers` like headers must not find an
 * identity there that is not vouched for (RFC 9110 section 6.5.1: a field that authenticates is never sent so).
 */

/** Never in trailers, besides what is removed from the headers. */
const IDENTITIES: HeaderChanges = Object.freeze({
  remove: ['authorization', 'x-remote-user', 'x-remote-uid', 'x-remote-group'],
  removePrefixes: ['x-remote-extra-', 'impersonate-'],
})

/** What is removed from the trailers of a message, for the few that may have any. */
const guarded = new WeakMap<NodeRequest, Set<HeaderSelector>>()

/** Removes from the trailers of a request, now or when they come, what is removed from its headers, and every identity. */
export function removeFromTrailers(message: NodeRequest, changes: HeaderChanges): void {
  const selectors = guarded.get(message)
  if (selectors !== undefined) {
    selectors.add(selectorOf(changes))
    removeArrived(message, selectors)
    return
  }
  const first = new Set([selectorOf(IDENTITIES), selectorOf(changes)])
  guarded.set(message, first)
  removeArrived(message, first)
  if (message.httpVersionMajor > 1) watchStream(message, first)
  else watchProperty(message, first)
}

/**
 * Whether there can be trailers: of HTTP/1 only a body in chunks has any, of HTTP/2 any body.
 *
 * @param isChunked whether there is a header that {@link isTransferEncoding}.
 */
export function mayHaveTrailers({ httpVersionMajor, stream }: NodeRequest, isChunked: boolean): boolean {
  if (httpVersionMajor < 2) return isChunked
  return isObject(stream) && !('endAfterHeaders' in stream && stream.endAfterHeaders === true)
}

export function isTransferEncoding(name: string): boolean {
  return name.length === TRANSFER_ENCODING.length && name.toLowerCase() === TRANSFER_ENCODING
}

const TRANSFER_ENCODING = 'transfer-encoding'

/** The places where trailers are. */
interface Trailers {
  readonly rawTrailers?: string[]
  readonly trailers?: Record<string, unknown>
  readonly trailersDistinct?: Record<string, unknown>
}

/** Node makes `trailers` from `rawTrailers` when they are first read, and counts on as many as were sent: so a name is replaced. */
function removeArrived(message: NodeRequest & Trailers, selectors: ReadonlySet<HeaderSelector>): void {
  const { rawTrailers = [] } = message
  const names = replaceIn(rawTrailers, selectors)
  if (names.size === 0) return
  const { trailers, trailersDistinct } = message
  for (const name of names) {
    delete trailers?.[name]
    delete trailersDistinct?.[name]
  }
}

/** HTTP/1: Node sets the property when the message is complete, before it makes anything of it. */
function watchProperty(message: NodeRequest & Trailers, selectors: ReadonlySet<HeaderSelector>): void {
  const own = Object.getOwnPropertyDescriptor(message, 'rawTrailers')
  if (own?.writable !== true || own.configurable !== true) return
  let current: unknown = own.value
  Object.defineProperty(message, 'rawTrailers', {
    get: () => current,
    set: (value: unknown) => {
      if (isListOfTexts(value)) replaceIn(value, selectors)
      current = value
    },
    configurable: true,
    enumerable: true,
  })
}

/** HTTP/2: the event is told to this listener before all others. */
function watchStream({ stream }: NodeRequest, selectors: ReadonlySet<HeaderSelector>): void {
  if (!isStream(stream)) return
  stream.prependListener('trailers', (trailers, _flags, rawTrailers) => {
    if (isListOfTexts(rawTrailers)) replaceIn(rawTrailers, selectors)
    if (!isObject(trailers)) return
    for (const name of Object.keys(trailers)) {
      if (isSelected(name, selectors)) Reflect.deleteProperty(trailers, name)
    }
  })
}

/** Takes names and values that are selected out of a list, and puts something in their place that means nothing. */
function replaceIn(raw: string[], selectors: ReadonlySet<HeaderSelector>): ReadonlySet<string> {
  const found = new Set<string>()
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? ''
    if (!isSelected(name, selectors)) continue
    found.add(name.toLowerCase())
    raw[index] = REMOVED
    raw[index + 1] = ''
  }
  return found
}

const REMOVED = 'x-removed-trailer'

function isSelected(name: string, selectors: ReadonlySet<HeaderSelector>): boolean {
  for (const selects of selectors) if (selects(name)) return true
  return false
}

interface TrailerStream {
  prependListener(
    event: 'trailers',
    listener: (trailers: unknown, flags: unknown, rawTrailers: unknown) => void,
  ): unknown
}

function isStream(stream: unknown): stream is TrailerStream {
  return isObject(stream) && 'prependListener' in stream && typeof stream.prependListener === 'function'
}

function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
