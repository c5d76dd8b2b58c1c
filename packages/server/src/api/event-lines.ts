import type { ObjectEvent } from '../registry/seen-changes.ts'

/** How an event is shown. Watches of the same form show it alike. */
export interface EventForm {
  readonly name: string
  /** The second at which it is shown, if the line depends on it. */
  readonly atSeconds?: number
}

interface Line {
  readonly bytes: Uint8Array
  readonly atSeconds: number | undefined
}

/** The lines of events, by the names of forms: of each only the last one, since an event may be shown again and again. */
const lines = new WeakMap<ObjectEvent, Map<string, Line>>()

/**
 * The line of an event, which is made once for all watches to which it is shown in the same form.
 *
 * Source: apiserver `pkg/storage/cacher/caching_object.go`.
 *
 * @returns bytes of their own, since the reader of a stream may change or transfer what it gets.
 */
export function eventLine(
  event: ObjectEvent,
  { name, atSeconds }: EventForm,
  made: () => string,
): Uint8Array<ArrayBuffer> {
  const known = lines.get(event) ?? new Map<string, Line>()
  const last = known.get(name)
  const bytes = last !== undefined && last.atSeconds === atSeconds ? last.bytes : lineBytes(made())
  if (known.size === 0) lines.set(event, known)
  known.set(name, { bytes, atSeconds })
  return new Uint8Array(bytes)
}

/** JSON, and the end of its line. */
export function lineBytes(json: string): Uint8Array<ArrayBuffer> {
  return UTF8.encode(`${json}\n`)
}

const UTF8 = new TextEncoder()
