import {
  ConfigurationError,
  type ConfigurationProblem,
  isConfigurationError,
  type TokenAuthenticator,
} from '@kube-authn/core'
import { oidc, oidcFlagOptions, type OidcFlags, type TokenKindOptions } from '@kube-authn/core/oidc'
import type { ReloadOptions } from './file-source/reloading-source.ts'
import { createFetch } from './http/create-fetch.ts'

/** A token authenticator for one issuer. */
export interface OidcAt extends TokenAuthenticator {
  health(): readonly string[]
  close(): void
}

/** Authenticates tokens of the issuer of the `--oidc-*` flags; its CA file is reloaded when it changes. */
export function oidcAt(
  { tokenTypes, boundTokens, ...flags }: OidcFlags & TokenKindOptions,
  options: ReloadOptions & { readonly disallowedIssuers: readonly string[] },
): OidcAt {
  const { disallowedIssuers, ...reload } = options
  const oidcOptions = oidcFlagOptions(flags)
  if (oidcOptions === undefined) throw new ConfigurationError([{ path: 'issuerUrl', message: 'is required' }])
  if (disallowedIssuers.includes(oidcOptions.issuer.url)) {
    const all = disallowedIssuers.toSorted().join(' ')
    throw new ConfigurationError([
      { path: 'issuerUrl', message: `URL must not overlap with disallowed issuers: [${all}]` },
    ])
  }
  const { caFile } = flags
  const fetch = inTermsOfFlags(() => createFetch(caFile === undefined ? {} : { caFile }, reload))
  try {
    const { observer, clock } = reload
    const tokens = inTermsOfFlags(() =>
      oidc({
        ...oidcOptions,
        fetch,
        ...(tokenTypes !== undefined && { tokenTypes }),
        ...(boundTokens !== undefined && { boundTokens }),
        ...(observer !== undefined && { observer }),
        ...(clock !== undefined && { clock }),
      }),
    )
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

/** The flag of each option, by the prefix of the option's path. */
const FLAGS: readonly (readonly [option: string, flag: string])[] = [
  ['issuer.url', 'issuerUrl'],
  ['issuer.audiences', 'clientId'],
  ['claimMappings.username', 'usernameClaim'],
  ['claimMappings.groups', 'groupsClaim'],
  ['claimValidationRules', 'requiredClaims'],
  ['ca', 'caFile'],
]

/** @throws {ConfigurationError} with the problems under the flags, not the options made from them. */
function inTermsOfFlags<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    throw new ConfigurationError(error.problems.map(ofFlag), { cause: error })
  }
}

function ofFlag({ path, message }: ConfigurationProblem): ConfigurationProblem {
  const flag = FLAGS.find(([option]) => path.startsWith(option))?.[1] ?? path
  // Kubernetes' messages repeat the field.
  return { path: flag, message: message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message }
}
