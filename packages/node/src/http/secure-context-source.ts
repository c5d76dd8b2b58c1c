import type { KeyObject } from 'node:crypto'
import { type SecureContext, createSecureContext } from 'node:tls'
import { reloadOf } from '../options/reload-options.ts'
import { fileSource } from '../file-source/file-source.ts'
import { MAX_TEXT_BYTES } from '../file-source/read-file.ts'
import { type FileSource, type ReloadOptions, reportFailed } from '../file-source/reloading-source.ts'
import type { Transport } from './endpoint.ts'
import {
  authoritiesIn,
  clientCertificatesIn,
  isKeyOf,
  NO_PAIR,
  privateKeyIn,
  type PemSource,
  type TransportPem,
  transportPems,
} from './pem.ts'
import { closeable, orElse } from '../options/closeable.ts'

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
