import { hexOf } from '@kube-authn/internal/bytes'
import { rejected } from '../../authenticator/errors.ts'
import type { RequestHeaders } from '../request.ts'
import { boundedValue } from './certificate-bytes.ts'
import { matchAt } from './distinguished-name.ts'
import { certificatesOfEscapedPem } from './escaped-pem.ts'

/** Envoy's header. */
export const FORWARDED_CLIENT_CERT = 'x-forwarded-client-cert'

/** What one proxy reports about the certificate of its client. */
type Element = ReadonlyMap<string, readonly string[]>

/**
 * The certificates in Envoy's `X-Forwarded-Client-Cert`, leaf first; `undefined` without any.
 *
 * There must be exactly one element per proxy. The first proxy replaces the received header (`SANITIZE_SET`) and the others append, so
 * the first element describes the client, and an additional one is an attack: Envoy writes names from the client's certificate into the
 * header, some without quotes, so a client may try to inject elements. For the same reason `Hash`, which Envoy always sends, must be
 * present and match the leaf, and no key that is used may occur twice.
 *
 * Source: Envoy, HTTP connection manager, "x-forwarded-client-cert".
 *
 * @param proxies the number of proxies that add an element.
 * @throws {AuthenticationError} `rejected` if it is anything else.
 */
export async function readForwardedClientCert(
  headers: RequestHeaders,
  proxies: number,
): Promise<readonly Uint8Array[] | undefined> {
  const value = headers.all(FORWARDED_CLIENT_CERT).join(',')
  if (value === '') return undefined
  const elements = parseForwardedClientCert(boundedValue(FORWARDED_CLIENT_CERT, value))
  const [first] = elements
  if (first === undefined || elements.length !== proxies) {
    throw rejected(`${FORWARDED_CLIENT_CERT} has ${elements.length} elements instead of ${proxies}`)
  }
  const chain = chainOf(first)
  const [leaf = new Uint8Array()] = chain
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(leaf)))
  if (hex(digest) !== only(first, 'hash')?.toLowerCase()) {
    throw rejected(`${FORWARDED_CLIENT_CERT} has a certificate that does not match its Hash`)
  }
  return chain
}

function chainOf(element: Element): readonly Uint8Array[] {
  const certificate = only(element, 'cert')
  const chain = only(element, 'chain')
  const alone =
    certificate === undefined ? undefined : certificatesOfEscapedPem(FORWARDED_CLIENT_CERT, certificate)
  const whole = chain === undefined ? undefined : certificatesOfEscapedPem(FORWARDED_CLIENT_CERT, chain)
  if (alone !== undefined && alone.length > 1)
    throw rejected(`${FORWARDED_CLIENT_CERT} has several certificates in Cert`)
  if (alone !== undefined && whole !== undefined && hex(alone[0]) !== hex(whole[0])) {
    throw rejected(`${FORWARDED_CLIENT_CERT} has different certificates in Chain and Cert`)
  }
  const certificates = whole ?? alone
  if (certificates === undefined) {
    throw rejected(`${FORWARDED_CLIENT_CERT} has neither Cert nor Chain: let Envoy set them`)
  }
  return certificates
}

function only(element: Element, key: string): string | undefined {
  const [value, ...more] = element.get(key) ?? []
  if (more.length > 0) throw rejected(`${FORWARDED_CLIENT_CERT} has ${key} more than once in an element`)
  return value
}

function hex(bytes: Uint8Array = new Uint8Array()): string {
  return hexOf(bytes)
}

/**
 * The elements of the header, separated by commas; their key-value pairs are separated by semicolons. In a quoted value `\"` is a quote;
 * an unquoted value contains neither quotes nor separators. Keys are converted to lower case.
 *
 * @throws {AuthenticationError} `rejected` if it is malformed.
 */
export function parseForwardedClientCert(value: string): readonly Element[] {
  const unreadable = (): Error => rejected(`${FORWARDED_CLIENT_CERT} has elements that cannot be read`)
  const elements: Map<string, string[]>[] = []
  let element = new Map<string, string[]>()
  let position = 0
  let separator: string | undefined = ','
  while (separator !== undefined) {
    if (separator === ',') {
      element = new Map()
      elements.push(element)
    }
    const key = matchAt(KEY, value, position)
    if (key === undefined) throw unreadable()
    const start = position + key.length
    const isQuoted = value[start] === '"'
    const text = isQuoted ? quotedAt(value, start) : matchAt(PLAIN, value, start)
    if (text === undefined) throw unreadable()
    position = start + text.length
    separator = value[position]
    if (separator !== undefined && separator !== ',' && separator !== ';') throw unreadable()
    position++
    const name = key.trimStart().slice(0, -1).toLowerCase()
    const values = element.get(name) ?? []
    values.push(isQuoted ? text.slice(1, -1).replaceAll(String.raw`\"`, '"') : text)
    element.set(name, values)
  }
  return elements
}

const KEY = /[ \t]*[A-Za-z]+=/y
const PLAIN = /[^",;]*/y

/** The quoted string at this position, with its quotes. A quote after a backslash does not end it. */
function quotedAt(text: string, position: number): string | undefined {
  let end = text.indexOf('"', position + 1)
  while (end !== -1 && text[end - 1] === '\\') end = text.indexOf('"', end + 1)
  return end === -1 ? undefined : text.slice(position, end + 1)
}
