import { ConfigurationError, type TokenAuthenticator } from '@kube-authn/core'
import type { OptionsShape } from '@kube-authn/core/adapter'
import { defined, without } from '@kube-authn/core/internal'
import { oidc, type OidcOptions, oidcShape } from '@kube-authn/core/oidc'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { createFetch } from '../http/create-fetch.ts'
import { orElse } from '../options/closeable.ts'
import { aPath } from '../options/file-option.ts'

/** The issuer of `createAuthenticator`: the options of `oidc`, with a CA file instead of a `fetch`. */
export interface OidcAtOptions extends Omit<OidcOptions, 'fetch' | 'clock' | 'observer'> {
  /**
   * A PEM file with the CAs of the issuer's certificate, instead of Node's default CAs (`--oidc-ca-file`). It is reloaded when it changes.
   */
  readonly caFile?: string
}

export const oidcAtShape: OptionsShape<OidcAtOptions> = {
  ...without(oidcShape, 'fetch', 'clock', 'observer'),
  caFile: aPath,
}

/** Authenticates tokens of one issuer; its CA file is reloaded when it changes. */
export function oidcAt(
  { caFile, ...options }: OidcAtOptions,
  { disallowedIssuers, ...shared }: ReloadOptions & { readonly disallowedIssuers: readonly string[] },
): TokenAuthenticator & { health(): readonly string[]; close(): void } {
  if (disallowedIssuers.includes(options.issuer)) {
    const all = disallowedIssuers.toSorted().join(' ')
    throw new ConfigurationError([
      { path: 'issuer', message: `URL must not overlap with disallowed issuers: [${all}]` },
    ])
  }
  const { observer, clock } = shared
  const fetch = createFetch(caFile === undefined ? {} : { caFile }, shared)
  const tokens = orElse(fetch.close, () => oidc({ ...options, fetch, ...defined({ observer, clock }) }))
  return {
    ...tokens,
    health: () => [tokens.health()].filter((text) => text !== undefined),
    close() {
      tokens.close()
      fetch.close()
    },
  }
}
