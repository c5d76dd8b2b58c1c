export interface Ending {
  /** By the time of etcd. */
  readonly expiresAtMs: number
  /** How long it was to live when it was written. */
  readonly ttlMs: number
}

/** What etcd keeps of an object: a first line `expiresAtMs ttlMs`, which is empty if the object does not end, and the value. */
export function sealed(value: string, ending: Ending | undefined): string {
  return ending === undefined ? `\n${value}` : `${ending.expiresAtMs} ${ending.ttlMs}\n${value}`
}

/** `undefined` if it was not written by {@link sealed}. */
export function opened(text: string): { readonly value: string; readonly ending?: Ending } | undefined {
  const end = text.indexOf('\n')
  if (end === 0) return { value: text.slice(1) }
  const [, expiresAtMs, ttlMs] = HEADER.exec(text.slice(0, Math.max(end, 0))) ?? []
  if (expiresAtMs === undefined || ttlMs === undefined) return undefined
  return { value: text.slice(end + 1), ending: { expiresAtMs: Number(expiresAtMs), ttlMs: Number(ttlMs) } }
}

const HEADER = /^(\d{1,16}) (\d{1,16})$/
