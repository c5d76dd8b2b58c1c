import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { ConfigurationProblem } from '@kube-authn/core'
import { messageOf } from '@kube-authn/core/internal'
import { CERTIFICATE, hasPemHeaders, pemBlocks } from '@kube-authn/internal/pem'
import { fileSource } from '../file-source/file-source.ts'
import { MAX_TEXT_BYTES, readTextFile } from '../file-source/read-file.ts'
import { type FileSource, type ReloadOptions, reportFailed } from '../file-source/reloading-source.ts'
import { closeable, orElse } from '../options/closeable.ts'
import { reloadOf } from '../options/reload-options.ts'
import type { Transport } from './endpoint.ts'

/** PEM data, or the path of a PEM file, which is reloaded when it changes. */
export type PemSource = { readonly pem: string } | { readonly path: string }

export interface TransportPem {
  readonly option: 'ca' | 'caFile' | 'cert' | 'certFile' | 'key' | 'keyFile'
  readonly source: PemSource
}

/** The PEM sources of a transport: data before files. */
export function transportPems({
  ca,
  caFile,
  cert,
  certFile,
  key,
  keyFile,
}: Transport): Readonly<Record<'ca' | 'cert' | 'key', TransportPem | undefined>> {
  return {
    ca: sourceOf('ca', ca) ?? sourceOf('caFile', caFile),
    cert: sourceOf('cert', cert) ?? sourceOf('certFile', certFile),
    key: sourceOf('key', key) ?? sourceOf('keyFile', keyFile),
  }
}

/** Problems of their combination: data and a file, or a client certificate without its key. */
export function combinationProblems(transport: Transport): readonly ConfigurationProblem[] {
  const both = (['ca', 'cert', 'key'] as const).flatMap((option) =>
    transport[option] === undefined || transport[`${option}File`] === undefined
      ? []
      : [{ path: `${option}File`, message: `cannot be set together with ${option}` }],
  )
  const { cert, key } = transportPems(transport)
  if ((cert === undefined) === (key === undefined)) return both
  const [path, other] = cert === undefined ? ['cert', 'key'] : ['key', 'cert']
  return [...both, { path, message: `must be specified together with ${other}` }]
}

function sourceOf(option: TransportPem['option'], value: string | undefined): TransportPem | undefined {
  if (value === undefined) return undefined
  return { option, source: option.endsWith('File') ? { path: value } : { pem: value } }
}

/** The PEM data. @throws {Error} if the file cannot be read. */
export function readPem(source: PemSource): string {
  return 'path' in source ? readTextFile(source.path) : source.pem
}

/**
 * The CA certificates in PEM data, each in PEM; other content is ignored.
 *
 * Source: client-go `transport/transport.go` rootCertPool, also of the messages.
 *
 * @throws {Error} if there is none, or one cannot be parsed.
 */
export function authoritiesIn(text: string): readonly string[] {
  const certificates = certificatesIn(text)
  if (certificates.length > 0) return certificates
  throw new Error(
    kindsOfPem(text).length === 0
      ? 'unable to parse bytes as PEM block'
      : 'no valid certificate authority data seen',
  )
}

/**
 * The certificate chain of a client, leaf first.
 *
 * Source: Go `crypto/tls` X509KeyPair, also of the messages.
 *
 * @throws {Error} if there is none, or one cannot be parsed.
 */
export function clientCertificatesIn(text: string): readonly string[] {
  const certificates = certificatesIn(text)
  if (certificates.length > 0) return certificates
  const kinds = kindsOfPem(text)
  if (kinds.length === 0) throw new Error('tls: failed to find any PEM data in certificate input')
  throw new Error(
    kinds.some(isPrivateKey)
      ? 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
      : 'tls: failed to find "CERTIFICATE" PEM block in certificate input',
  )
}

/**
 * The private key in PEM data. Errors contain nothing of the data.
 *
 * Source: Go `crypto/tls` X509KeyPair, also of the messages.
 *
 * @throws {Error} if there is none, or it is encrypted.
 */
export function privateKeyIn(text: string): KeyObject {
  const kinds = kindsOfPem(text)
  if (kinds.length === 0) throw new Error('tls: failed to find any PEM data in key input')
  if (!kinds.some(isPrivateKey) && kinds.includes('CERTIFICATE')) {
    throw new Error('tls: found a certificate rather than a key in the PEM for the private key')
  }
  try {
    return createPrivateKey(text)
  } catch {
    throw new Error('tls: failed to parse private key, or it is encrypted')
  }
}

/** Go's message for a key that does not match the certificate. */
export const NO_PAIR = 'tls: private key does not match public key'

/** Whether the key matches the first certificate. */
export function isKeyOf([leaf]: readonly string[], key: KeyObject): boolean {
  return leaf !== undefined && new X509Certificate(leaf).checkPrivateKey(key)
}

/** Why a client certificate and a key in PEM cannot be used together; `undefined` if they can. Contains nothing of the key. */
export function keyPairProblem(cert: string, key: string): string | undefined {
  try {
    return isKeyOf(clientCertificatesIn(cert), privateKeyIn(key)) ? undefined : NO_PAIR
  } catch (error) {
    return messageOf(error, 'cannot be used')
  }
}

/** @throws {Error} if one cannot be parsed. */
function certificatesIn(text: string): readonly string[] {
  const blocks = Array.from(pemBlocks(text)).filter(
    (block) => block.label === CERTIFICATE && !hasPemHeaders(block),
  )
  return blocks.map((block, position) => {
    const certificate = [
      `-----BEGIN ${CERTIFICATE}-----`,
      ...block.lines,
      `-----END ${CERTIFICATE}-----`,
      '',
    ].join('\n')
    if (block.isComplete && isCertificate(certificate)) return certificate
    throw new Error(`failed to parse certificate ${position + 1} in it`)
  })
}

function kindsOfPem(text: string): readonly string[] {
  return [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,64})-----/g)].map(([, kind = '']) => kind)
}

function isPrivateKey(kind: string): boolean {
  return kind === 'PRIVATE KEY' || kind.endsWith(' PRIVATE KEY')
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

export interface SecureContexts {
  readonly server: SecureContext
  /** The same CAs, without the client certificate: it is not sent to a proxy. */
  readonly proxy: SecureContext
}

/**
 * The TLS contexts of the last good versions of the files. A change creates a new object.
 *
 * A certificate and its key are two files that change one after the other: while they do not match, the last pair stays.
 *
 * Source: client-go `transport/cert_rotation.go`, `transport/tls_cache.go`.
 *
 * @throws {Error} if a file cannot be used.
 */
export function secureContextSource(
  transport: Transport,
  options: ReloadOptions,
): FileSource<SecureContexts> {
  const opened: FileSource<unknown>[] = []
  const pems = transportPems(transport)
  const open = <T>(pem: TransportPem | undefined, parse: (text: string) => T): (() => T | undefined) => {
    if (pem === undefined) return () => undefined
    const file = pemSource(pem.source, parse, options)
    opened.push(file)
    return file.current
  }
  const close = (): void => {
    for (const file of opened) file.close()
  }

  return orElse(close, () => {
    const authorities = open(pems.ca, authoritiesIn)
    const certificate = open(pems.cert, clientCertificatesIn)
    const key = open(pems.key, privateKeyIn)
    let seen: Parts = { authorities: authorities(), certificate: certificate(), key: key() }
    let used = seen
    let contexts = contextsOf(used)

    const current = (): SecureContexts => {
      const now = { authorities: authorities(), certificate: certificate(), key: key() }
      if (isSame(now, seen)) return contexts
      seen = now
      try {
        const next = isPair(now) ? now : { ...used, authorities: now.authorities }
        if (!isSame(next, used)) {
          contexts = contextsOf(next)
          used = next
        }
        if (next !== now) throw new Error(NO_PAIR)
      } catch (error) {
        const source = (pems.cert ?? pems.ca)?.source
        const name = source !== undefined && 'path' in source ? source.path : 'TLS'
        reportFailed(options.observer, name, error, 'the files cannot be used')
      }
      return contexts
    }
    return closeable({ current }, close)
  })
}

interface Parts {
  readonly authorities: readonly string[] | undefined
  readonly certificate: readonly string[] | undefined
  readonly key: KeyObject | undefined
}

function pemSource<T>(source: PemSource, parse: (text: string) => T, options: ReloadOptions): FileSource<T> {
  if ('path' in source) {
    return fileSource(source.path, {
      ...reloadOf(options),
      maxBytes: MAX_TEXT_BYTES,
      parse: (content) => parse(new TextDecoder().decode(content)),
    })
  }
  const value = parse(source.pem)
  return closeable({ current: () => value }, () => {})
}

/** @throws {Error} if OpenSSL rejects them. */
function contextsOf({ authorities, certificate, key }: Parts): SecureContexts {
  const ca = authorities === undefined ? {} : { ca: [...authorities] }
  const server = createSecureContext({
    ...ca,
    ...(certificate !== undefined && { cert: certificate.join('') }),
    ...(key !== undefined && { key: key.export({ type: 'pkcs8', format: 'pem' }) }),
  })
  return { server, proxy: createSecureContext(ca) }
}

function isSame(one: Parts, other: Parts): boolean {
  return (
    one.authorities === other.authorities && one.certificate === other.certificate && one.key === other.key
  )
}

function isPair({ certificate, key }: Parts): boolean {
  if (certificate === undefined || key === undefined) return true
  return isKeyOf(certificate, key)
}
