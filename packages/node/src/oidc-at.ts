import { ConfigurationError, type TokenAuthenticator } from '@kube-authn/core'
import { oidc, oidcFlagOptions, type OidcFlags, type TokenKindOptions } from '@kube-authn/core/oidc'
import type { ReloadOptions } from './file-source/reloading-source.ts'
import { createFetch } from './http/create-fetch.ts'

/** Tokens of one issuer. */
export interface OidcAt extends TokenAuthenticator {
  health(): readonly string[]
  close(): void
}

/** Knows users by tokens of the issuer that the `--oidc-*` flags name; its CA file is read again when it changes. */
export function oidcAt(
  { tokenTypes, boundTokens, ...flags }: OidcFlags & TokenKindOptions,
  options: ReloadOptions & { readonly disallowedIssuers: readonly string[] },
): OidcAt {
  const { disallowedIssuers, ...reload } = options
  const oidcOptions = oidcFlagOptions(flags)
  if (oidcOptions === undefined)
    throw new ConfigurationError([{ path: 'oidc', message: 'must not be empty' }])
  if (disallowedIssuers.includes(oidcOptions.issuer.url)) {
    const all = disallowedIssuers.toSorted().join(' ')
    throw new ConfigurationError([
      { path: 'oidc.issuerUrl', message: `URL must not overlap with disallowed issuers: [${all}]` },
    ])
  }
  const { caFile } = flags
  const fetch = createFetch(caFile === undefined ? {} : { ca: { path: caFile } }, reload)
  try {
    const tokens = oidc({
      ...oidcOptions,
      ...(tokenTypes !== undefined && { tokenTypes }),
      ...(boundTokens !== undefined && { boundTokens }),
      ...reload,
      fetch,
    })
    return {
      ...tokens,
      health: () => [tokens.health()].filter((text) => text !== undefined),
      close() {
        tokens.close()
        fetch.close()
      },
    }
  } catch (error) {
    fetch.close()
    throw error
  }
}
