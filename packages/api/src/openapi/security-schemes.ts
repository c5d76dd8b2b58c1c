import {
  aRequestAuthenticator,
  aString,
  type AuthenticationScheme,
  type KnownCredential,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import type { OptionsShape } from '@kube-authn/core/adapter'
import type { Authenticator } from '@kube-authn/core'

/** A Security Scheme Object of OpenAPI 3.1, of the types that authenticators can have. More may be added in a minor version; handle the rest. */
export type SecurityScheme =
  | {
      readonly type: 'http'
      readonly scheme: string
      readonly bearerFormat?: 'JWT'
      readonly description: string
    }
  | {
      readonly type: 'apiKey'
      readonly in: 'header'
      readonly name: string
      readonly description: string
    }
  | { readonly type: 'mutualTLS'; readonly description: string }
  | { readonly type: 'openIdConnect'; readonly openIdConnectUrl: string; readonly description: string }

/** A Security Requirement Object: a scheme without scopes, or an empty object for requests without a credential. */
export type SecurityRequirement = Readonly<Record<string, readonly []>>

/** The security parts of an OpenAPI document. */
export interface ApiSecurity {
  /** For `components.securitySchemes`. */
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>
  /** For `security` of the document or of an operation: each of these alone is sufficient. */
  readonly security: readonly SecurityRequirement[]
}

/** Options of {@link securitySchemes}. */
export interface SecuritySchemesOptions {
  /**
   * The path of an operation, percent-decoded, since anonymous requests may be limited to some paths. Default: a path that meets no
   * condition for anonymous requests.
   */
  readonly path?: string
}

const shape: OptionsShape<SecuritySchemesOptions> = { path: aString }

/**
 * The credentials that an authenticator accepts, as OpenAPI 3.1 security schemes: bearer tokens (with `bearerFormat: JWT` if all are JWTs),
 * Basic, Negotiate, client certificates, headers, and each OpenID Connect provider with the URL of its discovery document. If anonymous
 * requests pass, a credential is optional (`{}`). Headers of a front proxy are not for clients, and are omitted.
 *
 * Call it for every document you serve, since a reload of the configuration may change the issuers.
 *
 * Source: OpenAPI Specification 3.1.1 sections 4.8.27 and 4.8.30; apiserver `pkg/server/options/authentication.go`, which describes only
 * bearer tokens, as an `apiKey`.
 *
 * @throws {ConfigurationError} if `authenticator` is not a request authenticator.
 * @example
 * const { securitySchemes: schemes, security } = securitySchemes(authenticator)
 * const document = { openapi: '3.1.1', info, paths, components: { securitySchemes: schemes }, security }
 */
export function securitySchemes(
  authenticator: Authenticator,
  options: SecuritySchemesOptions = {},
): ApiSecurity {
  refuseProblems(aRequestAuthenticator(authenticator, 'authenticator'), optionProblems(shape, options))
  const { schemes = [], known = [] } = authenticator.credentials ?? {}
  const credentials = known.flatMap((tell) => tell())
  const described = new Map<string, SecurityScheme>()
  for (const scheme of schemes) described.set(`${scheme}Auth`, httpScheme(scheme, credentials))
  for (const [name, scheme] of credentials.flatMap(furtherScheme)) {
    if (![...described.values()].some((each) => JSON.stringify(each) === JSON.stringify(scheme))) {
      described.set(unusedName(name, described), scheme)
    }
  }
  const isOptional = credentials.some((each) => isAnonymousAt(each, options.path))
  return {
    securitySchemes: Object.fromEntries(described),
    security: [
      ...[...described.keys()].map((name) => ({ [name]: [] as const })),
      ...(isOptional ? [{}] : []),
    ],
  }
}

function httpScheme(scheme: AuthenticationScheme, credentials: readonly KnownCredential[]): SecurityScheme {
  switch (scheme) {
    case 'Basic':
      return { type: 'http', scheme: 'basic', description: 'A username and a password' }
    case 'Negotiate':
      return { type: 'http', scheme: 'negotiate', description: 'Kerberos, by SPNEGO' }
    case 'Bearer': {
      const tokens = credentials.filter((each) => each.type === 'token')
      const areJwts = tokens.length > 0 && tokens.every(({ format }) => format === 'JWT')
      return {
        type: 'http',
        scheme: 'bearer',
        ...(areJwts && { bearerFormat: 'JWT' }),
        description: 'A bearer token',
      }
    }
    default:
      return {
        type: 'http',
        scheme: scheme.toLowerCase(),
        description: `A credential of the scheme ${scheme}`,
      }
  }
}

/** The named scheme of a credential that is not an HTTP scheme. */
function furtherScheme(
  credential: KnownCredential,
): readonly (readonly [name: string, scheme: SecurityScheme])[] {
  switch (credential.type) {
    case 'token': {
      const { openIdConnectUrl } = credential
      if (openIdConnectUrl === undefined) return []
      const description = 'An ID token of this provider, as a bearer token'
      return [['OpenIDConnect', { type: 'openIdConnect', openIdConnectUrl, description }]]
    }
    case 'clientCertificate':
      return [['MutualTLS', { type: 'mutualTLS', description: 'A client certificate' }]]
    case 'header': {
      const { name } = credential
      return [[name, { type: 'apiKey', in: 'header', name, description: `A token in the header ${name}` }]]
    }
    case 'anonymous':
      return []
  }
}

/** Appends a number if the name is used: 2, 3, and so on. */
function unusedName(name: string, used: ReadonlyMap<string, unknown>): string {
  let number = 1
  const numbered = (): string => (number === 1 ? name : `${name}${number}`)
  while (used.has(numbered())) number++
  return numbered()
}

function isAnonymousAt(credential: KnownCredential, path: string | undefined): boolean {
  if (credential.type !== 'anonymous') return false
  const { paths } = credential
  return paths === undefined || (path !== undefined && paths.includes(path))
}
