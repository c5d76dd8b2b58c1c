import { spawn } from 'node:child_process'
import * as oauth from 'oauth4webapi'
import { Failure } from '../../failure.ts'
import { note, type Terminal } from '../../terminal/terminal.ts'
import type { Issuer } from '../issuer.ts'
import type { LoginOptions } from '../options.ts'
import type { Tokens } from '../token-cache.ts'
import { loopbackServer } from './loopback-server.ts'

/**
 * Logs in with a browser on this machine: authorization code with PKCE, and a redirect to a server on the loopback interface.
 *
 * Source: OpenID Connect Core 1.0 section 3.1, RFC 7636, RFC 8252 section 7.3.
 *
 * @throws {Failure} if the login is refused, or takes too long.
 */
export async function logInWithBrowser(
  terminal: Terminal,
  issuer: Issuer,
  options: LoginOptions,
): Promise<Tokens> {
  const { server, client, authentication, scope, request, step } = issuer
  const { authorization_endpoint: endpoint } = server
  if (endpoint === undefined)
    throw new Failure(`${server.issuer}: has no login with a browser: use --flow device-code`)
  const verifier = oauth.generateRandomCodeVerifier()
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const challenge = await oauth.calculatePKCECodeChallenge(verifier)
  const loopback = await loopbackServer(Number(options.redirectPort), (redirectUri) => {
    const url = new URL(endpoint)
    const parameters = {
      client_id: client.client_id,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope,
      state,
      nonce,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      // Without it, issuers ignore the scope.
      ...(scope.split(' ').includes('offline_access') && { prompt: 'consent' }),
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return url.href
  })
  try {
    note(terminal, `Log in at ${loopback.address} with a browser on this machine`)
    if (options.open) openBrowser(loopback.address)
    const callback = await step(() => loopback.callback(request.signal))
    const tokens = await step(async () => {
      const parameters = oauth.validateAuthResponse(server, client, callback, state)
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        parameters,
        loopback.redirectUri,
        verifier,
        request,
      )
      const expected = { expectedNonce: nonce, requireIdToken: true }
      return oauth.processAuthorizationCodeResponse(server, client, response, expected)
    })
    return issuer.tokensOf(tokens)
  } finally {
    loopback.close()
  }
}

/** The program that opens an address, and its first arguments. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Opens an address in the browser of this machine, if there is one. The address is printed anyway. */
function openBrowser(address: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(command, [...args, address], { stdio: 'ignore', detached: true })
  // There is no such program, as on a server.
  child.on('error', () => {})
  child.unref()
}
