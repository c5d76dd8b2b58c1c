import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { type HeaderSelector, lowerCaseSelector } from '../../request/headers/changes.ts'
import type { NodeRequest } from './node-request.ts'

/*
 * Trailers arrive after the body, when the application already has the request. Code that reads `trailers` like headers must not find an
 * unverified identity there (RFC 9110 section 6.5.1: trailers must not contain authentication fields).
 */

/** Always removed from trailers, in addition to what is removed from the headers. */
const IDENTITIES: HeaderChanges = Object.freeze({
  remove: ['authorization', 'x-remote-user', 'x-remote-uid', 'x-remote-group'],
  removePrefixes: ['x-remote-extra-', 'impersonate-'],
})

/** The headers to remove from the trailers of a message, for the few messages that may have trailers. */
const guarded = new WeakMap<NodeRequest, Set<HeaderSelector>>()

/** Removes from the trailers of a request, now or when they arrive, the headers in `changes` and every identity header. */
export function removeFromTrailers(message: NodeRequest, changes: HeaderChanges): void {
  const affected = guarded.get(message)
  if (affected !== undefined) {
    affected.add(lowerCaseSelector(changes))
    removeArrived(message, affected)
    return
  }
  const first = new Set([lowerCaseSelector(IDENTITIES), lowerCaseSelector(changes)])
  guarded.set(message, first)
  removeArrived(message, first)
  if (message.httpVersionMajor > 1) watchStream(message, first)
  else watchProperty(message, first)
}

/** Whether a request of HTTP/2 has a body, which trailers can follow. */
export function hasHttp2Body({ stream }: NodeRequest): boolean {
  return isObject(stream) && !('endAfterHeaders' in stream && stream.endAfterHeaders === true)
}

/** The properties with trailers. */
interface Trailers {
  readonly rawTrailers?: string[]
  readonly trailers?: Record<string, unknown>
  readonly trailersDistinct?: Record<string, unknown>
}

/** Node makes `trailers` from `rawTrailers` on first access and expects the original length: so names are replaced, not removed. */
function removeArrived(message: NodeRequest & Trailers, affected: ReadonlySet<HeaderSelector>): void {
  const { rawTrailers = [] } = message
  const names = replaceIn(rawTrailers, affected)
  if (names.size === 0) return
  for (const property of ['trailers', 'trailersDistinct'] as const) {
    try {
      for (const name of names) delete message[property]?.[name]
    } catch {
      // In Node.js 20.19 it is not made of a trailer with the name of a member of `Object.prototype`; `rawTrailers` has none of these names.
    }
  }
}

/** HTTP/1: Node sets the property when the message is complete, before it derives the others from it. */
function watchProperty(message: NodeRequest & Trailers, affected: ReadonlySet<HeaderSelector>): void {
  const own = Object.getOwnPropertyDescriptor(message, 'rawTrailers')
  if (own?.writable !== true || own.configurable !== true) return
  let current: unknown = own.value
  Object.defineProperty(message, 'rawTrailers', {
    get: () => current,
    set: (value: unknown) => {
      if (isListOfTexts(value)) replaceIn(value, affected)
      current = value
    },
    configurable: true,
    enumerable: true,
  })
}

/** HTTP/2: this listener is called before all others. */
function watchStream({ stream }: NodeRequest, affected: ReadonlySet<HeaderSelector>): void {
  if (!isStream(stream)) return
  stream.prependListener('trailers', (trailers, _flags, rawTrailers) => {
    if (isListOfTexts(rawTrailers)) replaceIn(rawTrailers, affected)
    if (!isObject(trailers)) return
    for (const name of Object.keys(trailers)) {
      if (isSelected(name, affected)) Reflect.deleteProperty(trailers, name)
    }
  })
}

/** Replaces the selected names and their values in a list by meaningless ones. */
function replaceIn(raw: string[], affected: ReadonlySet<HeaderSelector>): ReadonlySet<string> {
  const found = new Set<string>()
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? ''
    if (!isSelected(name, affected)) continue
    found.add(name.toLowerCase())
    raw[index] = REMOVED
    raw[index + 1] = ''
  }
  return found
}

const REMOVED = 'x-removed-trailer'

function isSelected(name: string, affected: ReadonlySet<HeaderSelector>): boolean {
  const lowerCase = name.toLowerCase()
  for (const isAffected of affected) if (isAffected(lowerCase)) return true
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
