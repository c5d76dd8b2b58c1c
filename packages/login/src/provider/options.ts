import {
  aBoolean,
  aFunction,
  aNonEmptyString,
  listOf,
  oneOf,
  type OptionsShape,
  required,
  wholeNumber,
} from '@kube-authn/core/adapter'
import { aString, must, neverUnset, nonEmptyListOf, recordOf, urlProblems } from '@kube-authn/core/internal'
import {
  type ClientAuthenticationOptions,
  clientAuthenticationShape,
  JWS_ALGORITHMS,
  type OidcWords,
  oidcWordsShape,
} from '@kube-authn/core/oidc'
import type { LoginFetch } from './bounded-fetch.ts'

/**
 * An OpenID Connect provider, and this app as its client. `clientId` is the audience of id tokens. Without `clientSecret` and `clientAssertion` it is a public
 * client. Without `clientAuthentication` the secret is in a header, or in the body if the provider offers only that.
 *
 * `usernameClaim` and the other options of claims say how an id token becomes a user, for the default of `tokens`.
 */
export interface LoginProvider extends ClientAuthenticationOptions, OidcWords {
  /**
   * Its name in paths and in sessions: 1 to 32 lower-case letters, digits and hyphens. Each provider has a redirect URI of its own:
   * `{publicUrl}/login/callback/{name}`. Default, for a single provider: `default`, with the redirect URI `{publicUrl}/login/callback`.
   */
  readonly name?: string
  /** Its name on the page where people choose. Default: the host of the issuer. */
  readonly label?: string
  /** The issuer: an https URL, exactly as in `iss` of its tokens. */
  readonly issuer: string
  /** The scopes to ask for, besides `openid`. Default `['profile', 'email']`. Many providers need `offline_access` for a refresh token. */
  readonly scopes?: readonly string[]
  /** `prompt` of the authorization request (OpenID Connect Core 1.0 section 3.1.2.1). Default `consent` with `offline_access`, otherwise none. */
  readonly prompt?: string
  /** How long ago a person may have entered their password at the provider (`max_age`). Checked in the id token. Default: any time. */
  readonly authenticatedWithinSeconds?: number
  /** `acr_values`: the classes of authentication to ask for, the preferred one first. Default: none. */
  readonly acrValues?: readonly string[]
  /** The algorithms that id tokens and logout tokens may be signed with, such as `['RS256']`. Default: those that the provider offers. */
  readonly signingAlgorithms?: readonly string[]
  /** Further parameters of the authorization request, such as `{ domain_hint: 'example.com' }`. They cannot replace those of the protocol. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Whether to push authorization requests (RFC 9126) where the provider offers it. Default `true`. */
  readonly pushedAuthorization?: boolean
  /** Calls this provider. Default: the `fetch` of the login. */
  readonly fetch?: LoginFetch
}

/** Names of parameters that only this package sets. */
const RESERVED: ReadonlySet<string> = new Set([
  'acr_values',
  'client_assertion',
  'client_assertion_type',
  'client_id',
  'client_secret',
  'code_challenge',
  'code_challenge_method',
  'max_age',
  'nonce',
  'prompt',
  'redirect_uri',
  'request',
  'request_uri',
  'response_mode',
  'response_type',
  'scope',
  'state',
])

const parametersOf = recordOf(aString)

export const providerShape: OptionsShape<LoginProvider> = {
  name: must(
    'must be 1 to 32 lower-case letters, digits and hyphens',
    (value) => typeof value === 'string' && /^[a-z0-9][a-z0-9-]{0,31}$/.test(value),
  ),
  label: aNonEmptyString,
  issuer: required((value, path) => urlProblems(value, path)),
  ...clientAuthenticationShape,
  ...oidcWordsShape,
  scopes: listOf(
    must('must be a scope', (value) => typeof value === 'string' && /^[!#-[\]-~]+$/.test(value)),
  ),
  prompt: oneOf('none', 'login', 'consent', 'select_account', 'login consent'),
  authenticatedWithinSeconds: neverUnset(wholeNumber(0)),
  acrValues: listOf(aNonEmptyString),
  signingAlgorithms: nonEmptyListOf(oneOf(...JWS_ALGORITHMS)),
  parameters: (value, path) => {
    const problems = parametersOf(value, path)
    if (problems.length > 0 || typeof value !== 'object' || value === null) return problems
    return Object.keys(value).flatMap((name) =>
      RESERVED.has(name)
        ? [{ path: `${path}[${JSON.stringify(name)}]`, message: 'is set by the login itself' }]
        : [],
    )
  },
  pushedAuthorization: aBoolean,
  fetch: aFunction,
}

export const CLAIM_OPTIONS: readonly string[] = Object.keys(oidcWordsShape)
