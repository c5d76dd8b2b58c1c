import { assertDistinctPools } from '@kube-authn/core/client-certificate'
import type { CertificatePool } from '@kube-authn/x509'
import {
  certificateAuthoritiesAt,
  type CertificateAuthoritiesAtOptions,
} from '../at/certificate-authorities-at.ts'
import type { Opener } from '../configure/opener.ts'
import type { FileOption } from '../options/file-option.ts'
import { type FileSource, RESTRICT } from '../file-source/reloading-source.ts'
import { defined } from '@kube-authn/core/internal'
import { type Authenticator, unavailable } from '@kube-authn/core'

/** A CA file and its options. */
export type CertificateAuthoritiesFile = { readonly path: string } & CertificateAuthoritiesAtOptions

/** The CAs of users and the CAs of front proxies. */
export interface CertificatePools {
  readonly clientCA: FileSource<CertificatePool> | undefined
  readonly requestHeaderCA: FileSource<CertificatePool> | undefined
}

export interface KnownPools {
  readonly clientCA?: CertificatePool | undefined
  readonly requestHeaderCA?: CertificatePool | undefined
}

/**
 * Opens the two bundles. Each is checked against the other, on every reload too: a user must not pass for the proxy, nor the proxy for a user.
 *
 * @param elsewhere the source of a bundle that is not in a file.
 */
export function openCertificatePools(
  files: Readonly<
    Record<'clientCA' | 'requestHeaderCA', FileOption<CertificateAuthoritiesAtOptions> | undefined>
  >,
  shared: CertificateAuthoritiesAtOptions,
  opener: Opener,
  elsewhere: () => KnownPools = () => ({}),
): CertificatePools {
  let clientCA: FileSource<CertificatePool> | undefined = undefined
  const openOne = (
    option: string,
    file: FileOption<CertificateAuthoritiesAtOptions> | undefined,
    check: (pool: CertificatePool) => void,
  ): FileSource<CertificatePool> | undefined =>
    opener.openAt(option, file, shared, (path, own) => certificateAuthoritiesAt(path, { ...own, check }))

  const requestHeaderCA = openOne('requestHeader.caFile', files.requestHeaderCA, (pool) => {
    assertDistinct(clientCA?.current() ?? elsewhere().clientCA, pool)
  })
  clientCA = openOne('clientCAFile', files.clientCA, (pool) => {
    assertDistinct(pool, requestHeaderCA?.current() ?? elsewhere().requestHeaderCA)
  })
  return { clientCA, requestHeaderCA }
}

/** @throws {ConfigurationError} if both are known and have a CA in common. */
export function assertDistinct(
  clientCA: CertificatePool | undefined,
  requestHeaderCA: CertificatePool | undefined,
): void {
  if (clientCA !== undefined && requestHeaderCA !== undefined) assertDistinctPools(clientCA, requestHeaderCA)
}

/** The CAs of a front proxy. A source may support refusing new versions. */
export interface ProxyAuthorities {
  current(): CertificatePool | undefined
  readonly [RESTRICT]?: (check: (pool: CertificatePool | undefined) => void) => (() => void) | undefined
}

/**
 * Ensures that no CA signs both users and proxies, for a front proxy that was created elsewhere: now, and on every reload of either. A version with a
 * CA in common is refused, and the last good one stays.
 *
 * If a source of CAs cannot refuse what it reads, the proxy is not trusted while they have a CA in common.
 *
 * @returns the proxy, and a function that removes the checks of reloads.
 * @throws {ConfigurationError} if they have a CA in common now.
 */
export function keepApart(
  proxy: Authenticator,
  users: FileSource<CertificatePool>,
): { readonly proxy: Authenticator; readonly close: () => void } {
  const sources: readonly ProxyAuthorities[] = proxy.credentials?.proxyAuthorities ?? []
  for (const source of sources) assertDistinct(users.current(), source.current())
  const releases = sources.flatMap((source) => [
    source[RESTRICT]?.((pool) => assertDistinct(users.current(), pool)),
    users[RESTRICT]?.((pool) => assertDistinct(pool, source.current())),
  ])
  const others = sources
    .filter((source) => source[RESTRICT] === undefined)
    .map((source) => judge(source, users))
  return {
    proxy: others.length === 0 ? proxy : believedWhile(proxy, others),
    close() {
      for (const release of releases) release?.()
    },
  }
}

/** @throws {ConfigurationError} if there is currently a CA in common; checks again only after a change. */
type Judge = () => void

function judge(source: ProxyAuthorities, users: FileSource<CertificatePool>): Judge {
  let judged: { readonly of: readonly unknown[]; readonly error?: unknown } = { of: [] }
  return () => {
    const [pool, own] = [source.current(), users.current()]
    if (pool !== judged.of[0] || own !== judged.of[1]) {
      judged = { of: [pool, own], ...problemWith(own, pool) }
    }
    if ('error' in judged) throw judged.error
  }
}

function problemWith(
  users: CertificatePool,
  proxies: CertificatePool | undefined,
): { readonly error?: unknown } {
  try {
    assertDistinct(users, proxies)
    return {}
  } catch (error) {
    return { error }
  }
}

function believedWhile(proxy: Authenticator, judges: readonly Judge[]): Authenticator {
  const { name, credentials, audiences } = proxy
  return {
    // One by one: members of a class may be getters, which a copy of the object would lack.
    name,
    ...defined({ credentials, audiences }),
    authenticate(request, context) {
      try {
        for (const each of judges) each()
      } catch (cause) {
        throw unavailable('requestHeader: its CA has a CA in common with the CA of client certificates', {
          cause,
        })
      }
      return proxy.authenticate(request, context)
    },
  }
}
