import type { Header } from '../node-types.ts'

/** Headers for one connection only. Source: RFC 9110 section 7.6.1; RFC 2616 section 13.5.1 for the older ones. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** Whether a header, in lower case, ends at this connection: by its name, or since `Connection` lists it. `close` alone names no header. */
export function hopByHop(raw: readonly string[]): (name: string) => boolean {
  const listed = new Set(
    pairsOf(raw).flatMap(([name, value]) =>
      (isNamed(name, 'connection') || isNamed(name, 'proxy-connection')) && value !== 'close'
        ? tokensOf(value)
        : [],
    ),
  )
  return (name) => HOP_BY_HOP.has(name) || listed.has(name)
}

/** The headers of a flat list. */
export function pairsOf(raw: readonly string[]): readonly Header[] {
  const pairs: Header[] = []
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index] ?? '', raw[index + 1] ?? ''])
  return pairs
}

/** The values of a header in a flat list. @param wanted its name, in lower case. */
export function valuesOf(raw: readonly string[], wanted: string): readonly string[] {
  return pairsOf(raw).flatMap(([name, value]) => (isNamed(name, wanted) ? [value] : []))
}

/** Whether a header, as it was sent, has this name, which is in lower case. */
export function isNamed(sent: string, name: string): boolean {
  return sent.length === name.length && sent.toLowerCase() === name
}

/** The elements of a list in a header, in lower case. */
export function tokensOf(value: string): readonly string[] {
  return value
    .split(',')
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== '')
}
