import * as oauth from 'oauth4webapi'
import { createFetch } from '@kube-authn/node'
import { Failure, reasonOf } from '../failure.ts'
import { clientAuthentications, type CustomFetch, requestsBy } from '../oauth.ts'
import { readSecret } from '../terminal/input.ts'
import { defined } from '@kube-authn/core/internal'
import { withoutControls } from '@kube-authn/internal/printable'
import type { LoginOptions } from './options.ts'
import type { Tokens } from './token-cache.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** An OpenID Connect issuer, as one of its clients. */
export interface Issuer {
  readonly server: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
  /** The value of the parameter `scope`. */
  readonly scope: string
  readonly request: { readonly [oauth.customFetch]: CustomFetch; readonly signal: AbortSignal }
  /** Runs a step of a login. Errors of the issuer become failures that name them. */
  readonly step: <T>(run: () => Promise<T>) => Promise<T>
  /** The tokens of a response. */
  readonly tokensOf: (response: oauth.TokenEndpointResponse) => Tokens
  refresh(refreshToken: string): Promise<Tokens>
  close(): void
}

/**
 * Discovers an issuer.
 *
 * Source: OpenID Connect Discovery 1.0 section 4.
 *
 * @throws {Failure} if it cannot be reached, or is not the one that was named.
 */
export async function openIssuer(
  terminal: Terminal,
  options: LoginOptions,
  signal: AbortSignal,
): Promise<Issuer> {
  const { issuerUrl, clientId, clientSecretFile, caFile, scope } = options
  const fetch = createFetch(defined({ caFile }))
  const request = { [oauth.customFetch]: requestsBy(fetch), signal }
  const step = <T>(run: () => Promise<T>): Promise<T> =>
    run().catch((error: unknown) => {
      throw signal.aborted ? new Failure('no login in time') : failureOf(error, issuerUrl)
    })
  const url = new URL(issuerUrl)
  const server = await step(async () =>
    oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, request)),
  )
  const client = { client_id: clientId }
  const secret =
    clientSecretFile === undefined ? '' : await readSecret(terminal, clientSecretFile, 'client secret')
  const [authentication] = clientAuthentications(server, secret)
  return {
    server,
    client,
    authentication,
    scope: ['openid', ...scope].join(' '),
    request,
    step,
    tokensOf,
    async refresh(refreshToken) {
      const response = await step(async () =>
        oauth.processRefreshTokenResponse(
          server,
          client,
          await oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, request),
        ),
      )
      // An issuer need not send a new refresh token: the old one is still good.
      return { refreshToken, ...tokensOf(response) }
    },
    close: fetch.close,
  }
}

function tokensOf(response: oauth.TokenEndpointResponse): Tokens {
  const claims = oauth.getValidatedIdTokenClaims(response)
  const { id_token: idToken, refresh_token: refreshToken } = response
  if (claims === undefined || idToken === undefined) throw new Failure('the issuer sent no ID token')
  return { idToken, expiresAtMs: claims.exp * 1000, ...defined({ refreshToken }) }
}

/** A refusal of the issuer has no cause; anything else does, since it may be different in a moment. */
function failureOf(error: unknown, issuer: string): Failure {
  if (error instanceof Failure) return error
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
    const { error: code, error_description: description } = error
    const why = description === undefined ? code : `${code} (${description.slice(0, 300)})`
    return new Failure(`${issuer} refuses the login: ${withoutControls(why)}`)
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return new Failure(`${issuer} refuses the client: HTTP ${error.status}`)
  }
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
    return new Failure(`${issuer}: its answer cannot be used: ${error.message}`, { cause: error })
  }
  return new Failure(`${issuer}: cannot be reached (${reasonOf(error)})`, { cause: error })
}
