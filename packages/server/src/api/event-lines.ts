import type { ObjectEvent } from '../registry/seen-changes.ts'

/** The lines of events, by the form that they have. */
const lines = new WeakMap<ObjectEvent, Map<string, Uint8Array>>()

/**
 * The line of an event, which is made once for all watches to which it is shown in the same form.
 *
 * Source: apiserver `pkg/storage/cacher/caching_object.go`.
 *
 * @returns bytes of their own, since the reader of a stream may change or transfer what it gets.
 */
export function eventLine(event: ObjectEvent, form: string, made: () => string): Uint8Array<ArrayBuffer> {
  const known = lines.get(event) ?? new Map<string, Uint8Array>()
  const line = known.get(form) ?? lineBytes(made())
  if (known.size === 0) lines.set(event, known)
  known.set(form, line)
  return new Uint8Array(line)
}

/** JSON, and the end of its line. */
export function lineBytes(json: string): Uint8Array<ArrayBuffer> {
  return UTF8.encode(`${json}\n`)
}

const UTF8 = new TextEncoder()
