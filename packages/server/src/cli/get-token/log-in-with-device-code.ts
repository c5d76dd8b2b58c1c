import { setTimeout } from 'node:timers/promises'
import * as oauth from 'oauth4webapi'
import { Failure } from '../failure.ts'
import { note, type Terminal } from '../terminal/terminal.ts'
import type { Issuer } from './issuer.ts'
import type { Tokens } from './token-cache.ts'

/** Of servers that do not name another. Source: RFC 8628 section 3.2. */
const INTERVAL_SECONDS = 5
/** What a server may ask for. */
const MAX_INTERVAL_SECONDS = 3600

/**
 * Logs in with a browser on another machine: the person enters a code there.
 *
 * Source: RFC 8628.
 *
 * @throws {Failure} if the login is refused, or takes too long.
 */
export async function logInWithDeviceCode(terminal: Terminal, issuer: Issuer): Promise<Tokens> {
  const { server, client, authentication, scope, request, step } = issuer
  if (server.device_authorization_endpoint === undefined) {
    throw new Failure(`${server.issuer}: has no login by a device code: use --flow browser`)
  }
  const device = await step(async () =>
    oauth.processDeviceAuthorizationResponse(
      server,
      client,
      await oauth.deviceAuthorizationRequest(server, client, authentication, parametersFor(scope), request),
    ),
  )
  if (!isWebAddress(device.verification_uri)) {
    throw new Failure(`${server.issuer}: the verification_uri is not an http or https URL`)
  }
  note(terminal, `Open ${device.verification_uri} in a browser, and enter the code ${device.user_code}`)
  const { device_code: deviceCode, interval = INTERVAL_SECONDS } = device
  const seconds = Math.min(Math.max(interval, 1), MAX_INTERVAL_SECONDS)
  return issuer.tokensOf(await confirmed(issuer, deviceCode, seconds))
}

/** A terminal may make a link of any other, such as javascript:. */
function isWebAddress(uri: string): boolean {
  return URL.canParse(uri) && ['https:', 'http:'].includes(new URL(uri).protocol)
}

/** Asks again and again until the person has entered the code. */
async function confirmed(
  issuer: Issuer,
  deviceCode: string,
  seconds: number,
): Promise<oauth.TokenEndpointResponse> {
  const { server, client, authentication, request, step } = issuer
  const answer = await step(async () => {
    await setTimeout(seconds * 1000, undefined, { signal: request.signal })
    const response = await oauth.deviceCodeGrantRequest(server, client, authentication, deviceCode, request)
    return oauth.processDeviceCodeResponse(server, client, response).catch(reasonToWait)
  })
  if (typeof answer !== 'string') return answer
  const longer = answer === 'slow_down' ? INTERVAL_SECONDS : 0
  return confirmed(issuer, deviceCode, seconds + longer)
}

/** Why the issuer has no tokens yet. @throws the error, if it is another one. */
function reasonToWait(error: unknown): 'slow_down' | 'authorization_pending' {
  const code = error instanceof oauth.ResponseBodyError ? error.error : undefined
  if (code === 'slow_down' || code === 'authorization_pending') return code
  throw error
}

function parametersFor(scope: string): URLSearchParams {
  return new URLSearchParams({
    scope,
    ...(scope.split(' ').includes('offline_access') && { prompt: 'consent' }),
  })
}
