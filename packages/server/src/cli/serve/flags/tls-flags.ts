import { isIP } from 'node:net'
import type { ConfigurationProblem } from '@kube-authn/core'
import { quoted } from '@kube-authn/core/internal'
import { listOfFlag, type ParsedFlags, stringOf } from '@kube-authn/node/internal'
import type { SniCertificateFiles, TlsSettings } from '../settings.ts'
import { pairOf, pairProblems } from './file-pairs.ts'

const CERT = 'tls-cert-file'
const KEY = 'tls-private-key-file'

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
 * Deviation: TLS 1.0 and 1.1, and suites that Go calls insecure, are refused (`docs/deviations.md`, old TLS).
 *
 * Source: component-base `cli/flag/ciphersuites_flag.go`.
 */
export function tlsProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  const version = stringOf(flags, 'tls-min-version')
  const isKnown = (suite: string): boolean =>
    SUITES.has(suite) || SUITES_OF_TLS13.some((each) => each === suite)
  return [
    ...pairProblems(flags, CERT, KEY),
    ...sniProblems(flags),
    ...(MIN_VERSIONS.has(version)
      ? []
      : [
          {
            path: '--tls-min-version',
            message: `must be VersionTLS12 or VersionTLS13, not ${quoted(version)}`,
          },
        ]),
    ...listOfFlag(flags, 'tls-cipher-suites')
      .filter((suite) => !isKnown(suite))
      .map((suite) => ({
        path: '--tls-cipher-suites',
        message: `Cipher suite ${quoted(suite)} is not supported, or insecure`,
      })),
  ]
}

/** What flags without problems say. */
export function tlsSettings(flags: ParsedFlags): TlsSettings {
  const certificate = pairOf(flags, CERT, KEY)
  const named = sniCertificates(flags)
  const suites = listOfFlag(flags, 'tls-cipher-suites').flatMap((suite) => SUITES.get(suite) ?? [])
  return {
    ...(certificate !== undefined && { certificate }),
    ...(named.length > 0 && { named }),
    minVersion: MIN_VERSIONS.get(stringOf(flags, 'tls-min-version')) ?? 'TLSv1.2',
    ...(suites.length > 0 && { ciphers: [...SUITES_OF_TLS13, ...new Set(suites)].join(':') }),
  }
}

const FLAG = 'tls-sni-cert-key'

/**
 * Problems of the certificates for names.
 *
 * Deviation: IP addresses and empty names are refused (`docs/deviations.md`, names of certificates).
 *
 * Source: component-base `cli/flag/namedcertkey_flag.go`.
 */
function sniProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  return listOfFlag(flags, FLAG).flatMap((value) =>
    problemsOf(value).map((message) => ({ path: `--${FLAG}`, message })),
  )
}

/** What the flags say, in order, if they have no problems. */
function sniCertificates(flags: ParsedFlags): readonly SniCertificateFiles[] {
  return listOfFlag(flags, FLAG).map((value) => {
    const { files, names } = partsOf(value)
    const [certFile = '', keyFile = ''] = files
    return { certFile, keyFile, ...(names !== undefined && { names }) }
  })
}

function problemsOf(value: string): readonly string[] {
  const { files, names = ['x'] } = partsOf(value)
  if (names.length === 1 && names[0] === '') return ['empty names list is not allowed']
  if (files.length !== 2 || files.includes('')) {
    return ['expected comma separated certificate and key file paths']
  }
  if (names.includes('')) return ['a name must not be empty']
  const address = names.find((name) => isIP(name) !== 0)
  if (address === undefined) return []
  return [`a name must not be an IP address: clients name none; put ${address} into --tls-cert-file`]
}

interface Parts {
  readonly files: readonly string[]
  /** `undefined` if none are given. */
  readonly names: readonly string[] | undefined
}

function partsOf(value: string): Parts {
  const colon = value.indexOf(':')
  const list = (text: string): readonly string[] => text.split(',').map((each) => each.trim())
  if (colon === -1) return { files: list(value), names: undefined }
  return { files: list(value.slice(0, colon)), names: list(value.slice(colon + 1)) }
}
