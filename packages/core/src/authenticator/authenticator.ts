import type { Awaitable } from '../internal/awaitable.ts'
import type { CertificatePoolSource } from '../request/client-certificate/certificate-pool-source.ts'
import type { Context } from './context.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { UserInfo } from './user.ts'

/** A caller, and what is known about how they proved who they are. */
export interface Authentication {
  readonly user: UserInfo
  /** Who made the request, when they act as the user; set by impersonation, never by an authenticator. */
  readonly requester?: UserInfo
  /** What the credential is valid for. Absent or empty: this authenticator knows nothing about audiences. */
  readonly audiences?: readonly string[]
  /** When the credential ends by itself, in milliseconds since the epoch: no cache keeps it for longer. */
  readonly expiresAtMs?: number
  /** The headers that carried the credential; an application must not see them. */
  readonly consumed?: HeaderChanges
}

/** What is to be done to the headers of a request before an application sees it. Names and prefixes are lower-case. */
export interface HeaderChanges {
  /**
   * These go, and so does whatever differs from them in `-` and `_` only: what an application talks to may take one for the other.
   *
   * Deviation: Kubernetes leaves those alone (`docs/deviations.md`, request header twins).
   */
  readonly remove: readonly string[]
  /** Every header whose name starts with one of these goes too, read in the same way. */
  readonly removePrefixes?: readonly string[]
  /**
   * Headers whose names start with one of these go where the name has `_` in the place of a `-` of it; the header itself stays.
   *
   * Deviation: Kubernetes leaves those alone (`docs/deviations.md`, request header twins).
   */
  readonly removeTwinsOf?: readonly string[]
  /** The header, with all its repetitions, becomes this one value. */
  readonly replace?: readonly (readonly [name: string, value: string])[]
}

/** What kind of credential an authenticator looks for; composing authenticators add up what theirs say. */
export interface CredentialDescription {
  /** The HTTP authentication schemes (RFC 9110 section 11) a client may use, for `WWW-Authenticate`. */
  readonly schemes: readonly AuthenticationScheme[]
  /**
   * Identity headers that must not reach an application, whoever authenticated. Functions, since what is configured may be
   * reloaded; each returns the same object until then.
   */
  readonly identityHeaders?: readonly (() => HeaderChanges)[]
  /** Whether the certificates of TLS peers are looked at, which not every runtime tells. Default `false`. */
  readonly peerCertificates?: boolean
  /** Whether what Cloudflare tells of client certificates is looked at, which nobody else does. Default `false`. */
  readonly tlsClientAuth?: boolean
  /** The kinds of credentials, where there is more to say than their schemes. Functions, since what is configured may be reloaded. */
  readonly known?: readonly (() => readonly KnownCredential[])[]
  /** Which authorities sign the certificates of front proxies: none of them may sign those of users. */
  readonly proxyAuthorities?: readonly CertificatePoolSource[]
}

/** A kind of credential that is known, for descriptions of an API (`@kube-authn/core/openapi`). */
export type KnownCredential =
  /** Bearer tokens. `openIdConnectUrl`: where clients find out how to get one (OpenID Connect Discovery 1.0). */
  | { readonly type: 'token'; readonly format?: 'JWT'; readonly openIdConnectUrl?: string }
  | { readonly type: 'clientCertificate' }
  /** A secret in a header of its own. */
  | { readonly type: 'header'; readonly name: string }
  /** None at all. `paths`: of requests with exactly these, percent-decoded. */
  | { readonly type: 'anonymous'; readonly paths?: readonly string[] }

/** A scheme that a challenge can name: an HTTP token, as in RFC 9110 section 11.1. */
export type AuthenticationScheme = 'Bearer' | 'Basic' | 'Negotiate' | (string & {})

/**
 * Decides who makes a request.
 *
 * `authenticate` returns the caller, `undefined` for "no opinion" (there is no credential of my kind, or it is not mine), or
 * throws an {@link AuthenticationError}: the credential is mine and bad, or I could not tell. It may do so now or later.
 */
export interface Authenticator {
  readonly name: string
  readonly credentials?: CredentialDescription
  /** What credentials must be valid for, unless the handler is told otherwise. */
  readonly audiences?: readonly string[]
  authenticate(request: AuthenticationRequest, context: Context): Awaitable<Authentication | undefined>
}

/** Decides who a bearer token belongs to. The same three outcomes as {@link Authenticator}. */
export interface TokenAuthenticator {
  readonly name: string
  /** Answers with the audiences a token is valid for; a chain wraps all others in `audienceAgnostic`. */
  readonly audienceAware?: boolean
  /**
   * Whether a token may be one of its own, by nothing but the token itself: with `false` it promises that it has no opinion on it, now and
   * later. A user that `cachedUnion` remembers is then known without asking it first. Default: any token may be.
   */
  mayKnow?(token: string): boolean
  /** What kinds of tokens are its own, at this moment. Default: tokens of which nothing is known. */
  known?(): readonly KnownCredential[]
  authenticateToken(token: string, context: Context): Awaitable<Authentication | undefined>
}

/** Decides whether a password is a user's. The same three outcomes as {@link Authenticator}. */
export interface PasswordAuthenticator {
  readonly name: string
  authenticatePassword(
    username: string,
    password: string,
    context: Context,
  ): Awaitable<Authentication | undefined>
}

/** Any of the three kinds. */
export type AnyAuthenticator = Authenticator | TokenAuthenticator | PasswordAuthenticator
