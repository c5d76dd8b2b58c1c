import { isObject } from '../../internal/objects.ts'
import type { Awaitable } from '../../internal/awaitable.ts'
import type { Context } from '../../authenticator/context.ts'
import { rejected } from '../../authenticator/errors.ts'
import { requireConfirmation } from '../confirmation.ts'
import type { UnverifiedJwt } from '../jwt/read-jwt.ts'
import { either, must, nonEmptyListOf, oneOf } from '../../internal/options/check.ts'
import type { OptionsShape } from '../../internal/options/shape.ts'
import { quoted } from '@kube-authn/internal/quote'

/** Which kinds of JWT are accepted as a login. An issuer of an app issues other kinds too, unlike the issuer of a cluster. */
export interface TokenKindOptions {
  /**
   * The accepted `typ` header values, case-insensitive, with or without `application/`; `''` means no `typ`. `'any'` skips the checks of
   * `typ` and of the claim `events`, which logout tokens and other security event tokens have. Default `['', 'JWT', 'at+jwt']` for the
   * options of this product, `'any'` for an `AuthenticationConfiguration`, as in Kubernetes.
   */
  readonly tokenTypes?: readonly string[] | 'any'
  /**
   * How to treat tokens that are bound to a key (`cnf`): `'verify'` accepts a token bound to the client certificate of its connection
   * (`x5t#S256`, RFC 8705) or to a key that the request proves (`jkt`, RFC 9449, with `dpop`) and refuses all others, `'refuse'` refuses all
   * bound tokens, `'ignore'` accepts them as if they were not bound. Default `'verify'` for the options of this product, `'ignore'` for an
   * `AuthenticationConfiguration`, as in Kubernetes.
   */
  readonly boundTokens?: 'verify' | 'refuse' | 'ignore'
}

/** {@link TokenKindOptions} with defaults applied. */
export interface TokenKinds {
  /** Lower case and without `application/`; `undefined`: any. */
  readonly types: ReadonlySet<string> | undefined
  readonly bound: 'verify' | 'refuse' | 'ignore'
}

/** The defaults of this product: ID tokens (OpenID Connect Core 1.0) and access tokens (RFC 9068), optionally bound to a key that is proved. */
export const LOGINS: Required<TokenKindOptions> = { tokenTypes: ['', 'JWT', 'at+jwt'], boundTokens: 'verify' }

export const ACCESS_TOKENS: Required<TokenKindOptions> = { tokenTypes: ['at+jwt'], boundTokens: 'verify' }

/** What kube-apiserver accepts. */
export const ANY_KIND: Required<TokenKindOptions> = { tokenTypes: 'any', boundTokens: 'ignore' }

export const tokenKindShape: OptionsShape<TokenKindOptions> = {
  tokenTypes: either(
    (value) => value === 'any' || typeof value === 'string',
    oneOf('any'),
    nonEmptyListOf(
      must("must be a string other than 'any'", (value) => typeof value === 'string' && value !== 'any'),
    ),
  ),
  boundTokens: oneOf('verify', 'refuse', 'ignore'),
}

/** Applies the defaults to valid options. */
export function tokenKinds(
  { tokenTypes, boundTokens }: TokenKindOptions,
  defaults: Required<TokenKindOptions>,
): TokenKinds {
  const types = tokenTypes ?? defaults.tokenTypes
  return {
    types: types === 'any' ? undefined : new Set(types.map(typeName)),
    bound: boundTokens ?? defaults.boundTokens,
  }
}

/**
 * Refuses a verified token that is not meant for login, or that is bound to a key that the sender did not prove to hold.
 *
 * Deviation: Kubernetes accepts any kind (`docs/deviations.md`, kinds of tokens).
 *
 * Source: RFC 8725 section 3.11 (explicit types), RFC 7519 section 5.1 and RFC 7515 section 4.1.9 (`typ`), RFC 9068 (`at+jwt`), RFC 8417
 * section 2.2 and OpenID Connect Back-Channel Logout 1.0 section 2.4 (`events`), RFC 7800 (`cnf`), RFC 8705 (`x5t#S256`), RFC 9449 (`jkt`).
 *
 * @throws {AuthenticationError} `rejected`, or `unavailable` if the certificate of the connection cannot be read.
 */
export function checkKind(
  jwt: UnverifiedJwt,
  { types, bound }: TokenKinds,
  context: Context,
): Awaitable<void> {
  if (types !== undefined) checkType(jwt, types)
  if (bound === 'ignore' || !Object.hasOwn(jwt.claims, 'cnf')) return undefined
  if (bound === 'refuse')
    throw rejected('oidc: the token is bound to a key (claim cnf), and bound tokens are refused')
  return requireConfirmation(context, jwt.claims['cnf'], 'oidc')
}

function checkType({ type = '', claims }: UnverifiedJwt, types: ReadonlySet<string>): void {
  if (typeof type !== 'string') throw rejected('oidc: the typ of the token is not a string')
  if (!types.has(typeName(type))) {
    throw rejected(`oidc: a token of type ${quoted(type.slice(0, 64))} is not accepted for a login`)
  }
  // A logout token may have any type, but ID tokens and access tokens never have `events`.
  if (isObject(claims['events'])) {
    throw rejected('oidc: a security event token (claim events), such as a logout token, is not a login')
  }
}

/** Normalises a media type: `application/` may be omitted if there is no other slash. */
function typeName(type: string): string {
  const lower = type.toLowerCase()
  const short = lower.startsWith(APPLICATION) ? lower.slice(APPLICATION.length) : lower
  return short === '' || short.includes('/') ? lower : short
}

const APPLICATION = 'application/'
