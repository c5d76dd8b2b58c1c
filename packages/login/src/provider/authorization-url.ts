import * as oauth from 'oauth4webapi'
import { LoginFailure } from '../login-failure.ts'
import { providerStep } from './failures.ts'
import type { Provider } from './provider.ts'

/** The secrets of one login, which bind the answer of the provider to the browser that began it. */
export interface LoginSecrets {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/**
 * The URL at which a person logs in. The request itself is pushed to the provider before if it offers that.
 *
 * Source: OpenID Connect Core 1.0 section 3.1.2.1, RFC 7636, RFC 9126.
 *
 * @param loginHint `login_hint`: who is about to log in, such as an email address.
 * @throws {LoginFailure} if the provider cannot be used now.
 */
export async function authorizationUrl(
  provider: Provider,
  secrets: LoginSecrets,
  loginHint: string | undefined,
): Promise<string> {
  const server = await provider.server()
  const { authorization_endpoint: endpoint = '', issuer } = server
  if (!isHttps(endpoint)) throw new LoginFailure('badAnswer', `${issuer} has no https authorization_endpoint`)
  const parameters = new URLSearchParams(await requestParameters(provider, secrets, loginHint))
  const pushes = provider.options.pushedAuthorization ?? true
  const isPushed = pushes && server.pushed_authorization_request_endpoint !== undefined
  if (!isPushed) {
    if (server.require_pushed_authorization_requests === true) {
      throw new LoginFailure('badAnswer', `${issuer} requires pushed authorization requests`)
    }
    return withParameters(endpoint, parameters)
  }
  const push = async (): Promise<oauth.PushedAuthorizationResponse> => {
    const client = provider.client()
    const response = await oauth.pushedAuthorizationRequest(
      server,
      client,
      provider.authentication(server),
      parameters,
      provider.call,
    )
    return oauth.processPushedAuthorizationResponse(server, client, response)
  }
  const { options, redirectUri } = provider
  const { request_uri: requestUri } = await providerStep(issuer, push, { ...options, redirectUri })
  const pushed = new URLSearchParams({ client_id: options.clientId, request_uri: requestUri })
  return withParameters(endpoint, pushed)
}

async function requestParameters(
  { options, redirectUri }: Provider,
  { state, nonce, verifier }: LoginSecrets,
  loginHint: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  const { clientId, scopes = ['profile', 'email'], acrValues = [], authenticatedWithinSeconds } = options
  // Without it, providers ignore this scope (OpenID Connect Core 1.0 section 11).
  const { prompt = scopes.includes('offline_access') ? 'consent' : undefined } = options
  return {
    ...options.parameters,
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: [...new Set(['openid', ...scopes])].join(' '),
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(prompt !== undefined && { prompt }),
    ...(authenticatedWithinSeconds !== undefined && { max_age: String(authenticatedWithinSeconds) }),
    ...(acrValues.length > 0 && { acr_values: acrValues.join(' ') }),
    ...(loginHint !== undefined && { login_hint: loginHint }),
  }
}

/** Whether a provider's URL may be used. */
export function isHttps(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'https:'
}

/** A URL with more parameters. It may have some of its own (RFC 6749 section 3.1). */
export function withParameters(url: string, parameters: URLSearchParams): string {
  const whole = new URL(url)
  for (const [name, value] of parameters) whole.searchParams.set(name, value)
  whole.hash = ''
  return whole.href
}
