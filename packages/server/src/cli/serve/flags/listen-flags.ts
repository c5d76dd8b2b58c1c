import { isIP } from 'node:net'
import { defined, quoted, replaceProblems } from '@kube-authn/core/internal'
import { type AddProblem, keepsHttp2Fields, type ParsedFlags } from '@kube-authn/node/internal'

export interface ListenAddress {
  readonly host: string
  /** 0 is any free one. */
  readonly port: number
}

export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** A certificate for some names of the server. */
export interface SniCertificateFiles extends CertificateFiles {
  /** `undefined`: those in the certificate. */
  readonly names?: readonly string[]
}

/** The certificate of the server and how it is used. */
export interface TlsSettings {
  readonly certificate: CertificateFiles | undefined
  /** Certificates for some names, in the order of the flags. */
  readonly named: readonly SniCertificateFiles[] | undefined
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** In the names of OpenSSL; `undefined`: those of Node.js. */
  readonly ciphers: string | undefined
}

export function secureAddress(flags: ParsedFlags): ListenAddress {
  return { host: flags.string('bind-address'), port: flags.number('secure-port') }
}

/** Problems of addresses and ports, and of `--output`. An address that is empty would be all of the machine, so it must not be named. */
export function listenProblems(
  flags: ParsedFlags,
  { addresses, ports }: { readonly addresses: readonly string[]; readonly ports: readonly string[] },
  add: AddProblem,
): void {
  for (const name of addresses) {
    const address = flags.string(name)
    if (flags.isGiven(name) && isIP(address) === 0) add(name, `must be an IP address, not ${quoted(address)}`)
  }
  for (const name of ports) {
    const port = flags.number(name)
    if (port < 0 || port > 65_535) add(name, `must be a port from 0 to 65535, not ${port}`)
  }
  if (!['text', 'json'].includes(flags.string('output'))) add('output', 'must be text or json')
}

const DELAY = 'shutdown-delay-duration'
const GRACE = 'shutdown-grace-duration'

/** Problems of the flags of a shutdown. */
export function shutdownProblems(flags: ParsedFlags, add: AddProblem): void {
  for (const name of [DELAY, GRACE]) {
    if (flags.seconds(name) < 0) add(name, `--${name} can not be negative value`)
  }
}

/** What flags without problems say. */
export function shutdownSettings(flags: ParsedFlags): {
  readonly shutdownDelaySeconds: number
  readonly shutdownGraceSeconds: number
} {
  return { shutdownDelaySeconds: flags.seconds(DELAY), shutdownGraceSeconds: flags.seconds(GRACE) }
}

const CERT = 'tls-cert-file'
const KEY = 'tls-private-key-file'
const SNI = 'tls-sni-cert-key'

const MIN_VERSIONS: ReadonlyMap<string, TlsSettings['minVersion']> = new Map([
  ['VersionTLS12', 'TLSv1.2'],
  ['VersionTLS13', 'TLSv1.3'],
])

/** The names of OpenSSL for suites of TLS 1.2 that Go does not call insecure. Those of TLS 1.3 have the same names, and are always there, as in Go. */
const SUITES: ReadonlyMap<string, string> = new Map([
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ECDHE-ECDSA-AES256-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE-RSA-AES128-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ECDHE-RSA-AES256-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
])
const SUITES_OF_TLS13 = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
] as const

/**
 * Problems of the flags of TLS.
 *
 * Deviation: TLS 1.0 and 1.1, suites that Go calls insecure, and IP addresses and empty names of certificates are refused
 * (`docs/deviations.md`, old TLS; names of certificates).
 *
 * Source: component-base `cli/flag/ciphersuites_flag.go`, `cli/flag/namedcertkey_flag.go`.
 */
export function tlsProblems(flags: ParsedFlags, add: AddProblem): void {
  pairProblems(flags, CERT, KEY, add)
  for (const value of flags.list(SNI)) {
    const problem = sniProblem(value)
    if (problem !== undefined) add(SNI, problem)
  }
  const version = flags.string('tls-min-version')
  if (!MIN_VERSIONS.has(version)) {
    add('tls-min-version', `must be VersionTLS12 or VersionTLS13, not ${quoted(version)}`)
  }
  for (const suite of flags.list('tls-cipher-suites')) {
    const isKnown = SUITES.has(suite) || SUITES_OF_TLS13.some((each) => each === suite)
    if (!isKnown) add('tls-cipher-suites', `Cipher suite ${quoted(suite)} is not supported, or insecure`)
  }
}

/** What flags without problems say. */
export function tlsSettings(flags: ParsedFlags): TlsSettings {
  const named = flags.list(SNI).map(sniCertificate)
  const suites = flags.list('tls-cipher-suites').flatMap((suite) => SUITES.get(suite) ?? [])
  return {
    certificate: pairOf(flags, CERT, KEY),
    named: named.length > 0 ? named : undefined,
    minVersion: MIN_VERSIONS.get(flags.string('tls-min-version')) ?? 'TLSv1.2',
    ciphers: suites.length > 0 ? [...SUITES_OF_TLS13, ...new Set(suites)].join(':') : undefined,
  }
}

function sniCertificate(value: string): SniCertificateFiles {
  const { files, names } = sniParts(value)
  const [certFile = '', keyFile = ''] = files
  return { certFile, keyFile, ...defined({ names }) }
}

function sniProblem(value: string): string | undefined {
  const { files, names = ['x'] } = sniParts(value)
  if (names.length === 1 && names[0] === '') return 'empty names list is not allowed'
  if (files.length !== 2 || files.includes(''))
    return 'expected comma separated certificate and key file paths'
  if (names.includes('')) return 'a name must not be empty'
  const address = names.find((name) => isIP(name) !== 0)
  if (address === undefined) return undefined
  return `a name must not be an IP address: clients name none; put ${address} into --tls-cert-file`
}

/** The two files, and the names if any are given. */
function sniParts(value: string): { readonly files: readonly string[]; readonly names?: readonly string[] } {
  const colon = value.indexOf(':')
  const list = (text: string): readonly string[] => text.split(',').map((each) => each.trim())
  if (colon === -1) return { files: list(value) }
  return { files: list(value.slice(0, colon)), names: list(value.slice(colon + 1)) }
}

const HTTP2_OFF = 'disable-http2-serving'
const MAX_STREAMS = 'http2-max-streams-per-connection'
/** As in kube-apiserver 1.36. */
const DEFAULT_STREAMS = 100
/** More than a frame of settings can say. */
const TOO_MANY = 2 ** 32

/**
 * Problems of the flags of HTTP/2.
 *
 * Deviation: it is off by default (`docs/deviations.md`, HTTP/2 of serve).
 */
export function http2Problems(flags: ParsedFlags, add: AddProblem): void {
  if (!flags.boolean(HTTP2_OFF) && !keepsHttp2Fields()) {
    add(HTTP2_OFF, 'HTTP/2 needs Node.js 22.17, 24.2 or later: others may drop headers of a request silently')
  }
  const streams = flags.number(MAX_STREAMS)
  if (streams < 0 || streams >= TOO_MANY) add(MAX_STREAMS, `must be a number from 0 to ${TOO_MANY - 1}`)
}

/** What flags without problems say; `undefined` if HTTP/2 is off. */
export function http2Settings(flags: ParsedFlags): { readonly maxStreams: number } | undefined {
  if (flags.boolean(HTTP2_OFF)) return undefined
  const streams = flags.number(MAX_STREAMS)
  return { maxStreams: streams === 0 ? DEFAULT_STREAMS : streams }
}

/** Two files that belong together; `undefined` if they are not set. */
export function pairOf(flags: ParsedFlags, cert: string, key: string): CertificateFiles | undefined {
  const certFile = flags.optional(cert)
  const keyFile = flags.optional(key)
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile }
}

/** Adds the problem of one file without the other. */
export function pairProblems(flags: ParsedFlags, cert: string, key: string, add: AddProblem): void {
  const hasCert = flags.optional(cert) !== undefined
  const hasKey = flags.optional(key) !== undefined
  if (hasCert === hasKey) return
  const [missing, given] = hasCert ? [key, cert] : [cert, key]
  add(missing, `must be specified together with --${given}`)
}

/** Does something whose problems are those of options, and names the flags instead. @throws {ConfigurationError} with the names of flags. */
export function inTermsOfFlags<T>(flags: ReadonlyMap<string, string>, work: () => T): T {
  return replaceProblems(({ path, message }) => ({ path: flags.get(path) ?? path, message }), work)
}
