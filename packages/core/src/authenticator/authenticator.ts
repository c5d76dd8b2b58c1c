import type { Awaitable } from '../internal/awaitable.ts'
import type { CertificatePool } from '@kube-authn/x509'
import type { Context } from './context.ts'
import type { CredentialRevocation } from './credential-revocation.ts'
import type { Log } from './log.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { UserInfo } from './user.ts'

/** A caller, and how they authenticated. */
export interface Authentication {
  readonly user: UserInfo
  /** The user who made the request, if they impersonate `user`. Set by impersonation, never by an authenticator. */
  readonly requester?: UserInfo
  /** The audiences the credential is valid for. Absent or empty: this authenticator knows nothing about audiences. */
  readonly audiences?: readonly string[]
  /** When the credential expires, in milliseconds since the epoch: no cache keeps it longer. */
  readonly expiresAtMs?: number
  /** When the credential was issued, in milliseconds since the epoch. Absent: unknown. */
  readonly issuedAtMs?: number
  /** The id of the client certificate by its serial number and issuer, as `clientCertificate` writes it, for revocations. */
  readonly certificateId?: string
  /**
   * Whether the credential is revoked while it is in use. Set by `unlessRevoked`, and by authenticators whose tokens end with objects that are watched: caches ask it before they
   * answer, and look the token up again if it is.
   */
  readonly revocation?: CredentialRevocation
  /** The headers that carried the credential; an application must not see them. */
  readonly consumed?: HeaderChanges
}

/** Changes to the headers of a request before the application sees it. Names and prefixes are lower-case. */
export interface HeaderChanges {
  /**
   * Headers to remove, together with those whose names differ only in `-` and `_`: a backend of the application may not distinguish them.
   *
   * Deviation: Kubernetes keeps the latter (`docs/deviations.md`, request header twins).
   */
  readonly remove: readonly string[]
  /** Removes every header whose name starts with one of these, where `-` and `_` are the same too. */
  readonly removePrefixes?: readonly string[]
  /**
   * Removes headers whose names start with a spelling of one of these that has `_` instead of `-`; headers with the exact prefix stay.
   *
   * Deviation: Kubernetes keeps them (`docs/deviations.md`, request header twins).
   */
  readonly removeTwinsOf?: readonly string[]
  /** Replaces a header, with all its repetitions, by one value. */
  readonly replace?: readonly (readonly [name: string, value: string])[]
  /** Removes cookies with these names from the header `Cookie`. Unlike those of headers, they are case-sensitive (RFC 6265 section 5.3). */
  readonly removeCookies?: readonly string[]
}

/** What kind of credential an authenticator looks for. Composed authenticators combine the descriptions of their delegates. */
export interface CredentialDescription {
  /** The HTTP authentication schemes (RFC 9110 section 11) a client may use, for `WWW-Authenticate`. */
  readonly schemes: readonly AuthenticationScheme[]
  /** The algorithms of proofs that a client may use with the scheme `DPoP`, for `WWW-Authenticate`. */
  readonly proofAlgorithms?: readonly string[]
  /** Identity headers that must not reach an application, whichever authenticator accepted the request. Functions, since the configuration may be reloaded; until then each returns the same object. */
  readonly identityHeaders?: readonly (() => HeaderChanges)[]
  /** Whether TLS peer certificates are read; not every runtime provides them. Default `false`. */
  readonly peerCertificates?: boolean
  /** Whether Cloudflare's description of client certificates (`tlsClientAuth`) is read. Default `false`. */
  readonly tlsClientAuth?: boolean
  /** The kinds of credentials, if there is more to say than their schemes. Functions, since the configuration may be reloaded. */
  readonly known?: readonly (() => readonly KnownCredential[])[]
  /** The origins of other sites whose pages may make requests with what browsers send by themselves (`ambientCredential`). Default: none. */
  readonly trustedOrigins?: readonly string[]
  /** The certificate authorities of front proxies. None of them may also be a CA of user certificates. */
  readonly proxyAuthorities?: readonly CertificatePoolSource[]
}

/** Trusted certificates that may change, for example when a file is reloaded. */
export interface CertificatePoolSource {
  /** The certificates trusted now, as the same object until they change; `undefined` if none are loaded yet. */
  current(): CertificatePool | undefined
}

/** A kind of credential that an authenticator knows, for API descriptions (`@kube-authn/api/openapi`). More may be added in a minor version; handle the rest. */
export type KnownCredential =
  /** Bearer tokens. `issuers`: those of JWTs. `openIdConnectUrl`: the discovery document that tells clients how to get one (OpenID Connect Discovery 1.0). */
  | {
      readonly type: 'token'
      readonly format?: 'JWT'
      readonly issuers?: readonly string[]
      readonly openIdConnectUrl?: string
    }
  | { readonly type: 'clientCertificate' }
  /** A secret in a separate header. */
  | { readonly type: 'header'; readonly name: string }
  /** No credential. `paths`: only for requests with exactly these paths, percent-decoded. */
  | { readonly type: 'anonymous'; readonly paths?: readonly string[] }

/** An authentication scheme of a challenge: an HTTP token (RFC 9110 section 11.1). */
export type AuthenticationScheme = 'Bearer' | 'Basic' | 'Negotiate' | (string & {})

/**
 * Decides who makes a request.
 *
 * `authenticate` returns the caller, or `undefined` for "no opinion" (the request has no credential of this kind, or it belongs to another
 * authenticator), or throws an {@link AuthenticationError} if the credential is bad or could not be checked. It may be asynchronous.
 */
export interface Authenticator {
  readonly name: string
  readonly credentials?: CredentialDescription
  /** The audiences that credentials must be valid for, unless the options of the handler set others. */
  readonly audiences?: readonly string[]
  /** Where refused requests are logged, unless the option `log` of the handler says otherwise. */
  readonly log?: Log
  authenticate(request: AuthenticationRequest, context: Context): Awaitable<Authentication | undefined>
}

/** Decides which user a bearer token belongs to. The same three outcomes as {@link Authenticator}. */
export interface TokenAuthenticator {
  readonly name: string
  /** Whether it returns the audiences a token is valid for. A chain wraps those that do not in `audienceAgnostic`. */
  readonly audienceAware?: boolean
  /**
   * Whether it may have an opinion on a token, judged by the token alone. With `false` it promises that it has none, now and later, so that
   * `cachedUnion` can return a remembered user without asking it first. Default: it may have one on any token.
   */
  mayKnow?(token: string): boolean
  /** The kinds of tokens it currently accepts. Default: bearer tokens of an unknown format. */
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
