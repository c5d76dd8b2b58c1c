import { fn, type Library, method } from '../check/declarations.ts'
import { structType } from '../check/types.ts'
import { fail, type Meter } from '../evaluate/evaluation.ts'
import { mapOf } from '../values/map.ts'
import { Opaque } from '../values/value.ts'
import { traversal } from './costs.ts'
import {
  checkFragment,
  escapesProblem,
  splitOnce,
  splitUrl,
  UrlProblem,
  type WrittenUrl,
} from '@kube-authn/internal/go-url'
import type { KubernetesVersion } from '../kubernetes/cel.ts'

const TYPE = structType('kubernetes.URL')

class Url extends Opaque {
  readonly type = TYPE
  readonly identity: string
  readonly parts: GoUrl

  constructor(parts: GoUrl) {
    super()
    this.identity = JSON.stringify(parts)
    this.parts = parts
  }
}

/**
 * `url`, `isURL` and the methods of URLs.
 *
 * Source: apiserver `pkg/cel/library/urls.go`.
 */
export function urls(meter: Meter, version: KubernetesVersion): Library {
  const partsOf = ({ parts: { host } }: Url): ReturnType<typeof hostParts> => {
    meter.spend(host.length / 10)
    return hostParts(host)
  }
  const required = (text: string): Url => {
    // A character that must be escaped takes long.
    meter.spend(text.length * 4)
    const parts = orProblem(() => readUrl(text, version))
    if (!(parts instanceof UrlProblem)) return new Url(parts)
    // Deviation: the URL is not repeated, since it may come from a claim (`docs/deviations.md`, CEL errors).
    return fail(`URL parse error during conversion from string: ${parts.message}`)
  }
  return {
    types: [TYPE],
    functions: [
      fn('url(string): kubernetes.URL', required, traversal),
      fn('isURL(string): bool', (text: string) => {
        meter.spend(text.length / 16)
        return requestUriProblem(text, version) === undefined
      }),
      method('kubernetes.URL.getScheme(): string', ({ parts }: Url) => parts.scheme),
      method('kubernetes.URL.getHost(): string', ({ parts }: Url) => parts.host),
      method('kubernetes.URL.getHostname(): string', (url: Url) => partsOf(url).hostname),
      method('kubernetes.URL.getPort(): string', (url: Url) => partsOf(url).port),
      method('kubernetes.URL.getEscapedPath(): string', ({ parts }: Url) => parts.escapedPath),
      method('kubernetes.URL.getQuery(): map(string, list(string))', ({ parts: { query = '' } }: Url) => {
        meter.spend(query.length * 3)
        return mapOf(queryParameters(query))
      }),
    ],
  }
}

/** The reason why a string is neither an absolute URL nor an absolute path; `undefined` if it is one. */
export function requestUriProblem(text: string, version: KubernetesVersion): string | undefined {
  const parts = orProblem(() => splitUrl(text, true, mayHaveColons(version)))
  return parts instanceof UrlProblem ? parts.message : undefined
}

/** 1.36 is built with Go 1.26, which refuses them. */
function mayHaveColons(version: KubernetesVersion): boolean {
  return version < '1.36'
}

function orProblem<T>(read: () => T): T | UrlProblem {
  try {
    return read()
  } catch (error) {
    if (error instanceof UrlProblem) return error
    throw error
  }
}

/** The host without brackets, and the port without its colon. */
function hostParts(host: string): { readonly hostname: string; readonly port: string } {
  const [, name = host, port = ''] = /^(.*):(\d*)$/s.exec(host) ?? []
  const [, address = name] = /^\[(.*)\]$/s.exec(name) ?? []
  return { hostname: address, port }
}

export interface GoUrl extends Omit<WrittenUrl, 'path'> {
  readonly escapedPath: string
  readonly fragment: string
}

/**
 * Parses an absolute URL or an absolute path.
 *
 * Source: apiserver `pkg/cel/library/urls.go`; Go `net/url` (`ParseRequestURI`, `Parse`).
 *
 * @throws {UrlProblem} with Go's reason.
 */
export function readUrl(text: string, version: KubernetesVersion): GoUrl {
  // In a request URI, a fragment is part of the path.
  splitUrl(text, true, mayHaveColons(version))
  const [beforeFragment = '', fragment = ''] = splitOnce(text, '#')
  const { userinfo = '', host, path, ...url } = splitUrl(beforeFragment, false, mayHaveColons(version))
  checkFragment(fragment)
  return {
    ...url,
    userinfo,
    host: unescapedText(host),
    escapedPath: escapedPath(path),
    fragment: unescapedText(fragment),
  }
}

/**
 * The query parameters by name; invalid escapes are dropped.
 *
 * Source: Go `net/url` (`ParseQuery`).
 */
function queryParameters(query: string): ReadonlyMap<string, readonly string[]> {
  const parameters = new Map<string, string[]>()
  for (const parameter of query.split('&')) {
    const [name = '', value = ''] = splitOnce(parameter, '=')
    if (parameter === '' || parameter.includes(';') || escapesProblem(name + value) !== undefined) continue
    const [key, text] = [name, value].map((each) => unescapedText(each.replaceAll('+', ' ')))
    if (key === undefined || text === undefined) continue
    const values = parameters.get(key)
    if (values === undefined) parameters.set(key, [text])
    else values.push(text)
  }
  return parameters
}

const utf8 = new TextEncoder()
const text8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Replaces each escape by its byte. */
function unescapedText(text: string): string {
  return text.includes('%') ? text8.decode(unescapedBytes(text)) : text
}

function unescapedBytes(text: string): Uint8Array {
  const source = utf8.encode(text)
  const bytes = new Uint8Array(source.length)
  let length = 0
  for (let index = 0; index < source.length; index++) {
    const isEscape = source[index] === PERCENT
    bytes[length++] = isEscape ? hexadecimal(source.subarray(index + 1, index + 3)) : (source[index] ?? 0)
    if (isEscape) index += 2
  }
  return bytes.subarray(0, length)
}

const PERCENT = 0x25

function hexadecimal(digits: Uint8Array): number {
  return Number.parseInt(String.fromCharCode(...digits), 16)
}

/** The path as written if it is validly escaped; otherwise with all required escapes. */
function escapedPath(path: string): string {
  if (/^[\w\-.~!$&'()*+,;=:@/[\]%]*$/.test(path)) return path
  let escaped = ''
  for (const byte of unescapedBytes(path)) escaped += BYTES[byte] ?? ''
  return escaped
}

/** What each byte of a path is written as. */
const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  const isPlain = /[\w\-.~$&+,/:;=@]/.test(character)
  return isPlain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
})
