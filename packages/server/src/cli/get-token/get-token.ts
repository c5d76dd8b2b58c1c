import { setTimeout } from 'node:timers/promises'
import { memberOf, systemClock } from '@kube-authn/core/internal'
import { EXEC_VERSIONS } from '@kube-authn/node/internal'
import type { Command } from 'commander'
import * as oauth from 'oauth4webapi'
import { Failure } from '../failure.ts'
import { alone } from '../lock-file.ts'
import { parsedJson } from '../terminal/input.ts'
import { durationSeconds } from '../terminal/options.ts'
import { note, type Terminal, write } from '../terminal/terminal.ts'
import { type Issuer, openIssuer } from './issuer.ts'
import { logInWithBrowser } from './log-in-with-browser.ts'
import { addLoginOptions, checkLogin, type LoginOptions } from './options.ts'
import { cacheEntry, type Tokens } from './token-cache.ts'

const AFTER = `
kubectl runs this command as a plug-in: kube-authn kubeconfig writes it down. The token is kept in $XDG_CACHE_HOME/kube-authn or
~/.cache/kube-authn, for its owner only (0600), until it expires, and is renewed with a refresh token if there is one. If
several commands need a token at once, one of them logs in.

The issuer must accept the redirect address http://127.0.0.1:PORT/callback, or have the device code flow.

Examples:
  kube-authn get-token --issuer-url https://issuer.example.com --client-id kubectl
  kube-authn get-token --issuer-url https://issuer.example.com --client-id kubectl --flow device-code --scope email`

export function declareCommand(command: Command, terminal: Terminal): void {
  addLoginOptions(command)
    .description('Logs in with OpenID Connect, and prints the token as kubectl expects it from a plug-in.')
    .option('--timeout <duration>', 'how long to wait for the login', '3m')
    .option('--no-cache', 'neither read nor keep tokens')
    .addHelpText('after', AFTER)
    .action((options: GetTokenOptions) => getToken(options, terminal))
}

interface GetTokenOptions extends LoginOptions {
  readonly timeout: string
  readonly cache: boolean
}

/** Longer timers of Node end at once. */
const MAX_TIMER_MS = 2_147_483_647

/** Prints a token of an OpenID Connect issuer as an `ExecCredential`. */
async function getToken(options: GetTokenOptions, terminal: Terminal): Promise<void> {
  checkLogin(options)
  const timeoutMs = Math.ceil(durationSeconds(options.timeout, '--timeout') * 1000)
  const signal = AbortSignal.timeout(Math.min(timeoutMs, MAX_TIMER_MS))
  const tokens = await tokensFor(terminal, options, signal)
  await write(terminal, `${JSON.stringify(execCredential(tokens, terminal.env))}\n`)
}

async function tokensFor(terminal: Terminal, options: GetTokenOptions, signal: AbortSignal): Promise<Tokens> {
  if (!options.cache) return logIn(terminal, options, undefined, signal)
  const entry = cacheEntry(options, terminal.env)
  const kept = entry.read()
  if (kept !== undefined && isFresh(kept)) return kept
  return alone(entry.lockPath, 'login', signal, async () => {
    // Another process may have logged in meanwhile.
    const now = entry.read()
    if (now !== undefined && isFresh(now)) return now
    const tokens = await logIn(terminal, options, now?.refreshToken, signal)
    await entry.write(tokens)
    return tokens
  })
}

/** A token that expires on its way to the server would be refused. */
const LEEWAY_MS = 30_000

function isFresh({ expiresAtMs }: Tokens): boolean {
  return expiresAtMs - LEEWAY_MS > systemClock.now()
}

async function logIn(
  terminal: Terminal,
  options: GetTokenOptions,
  refreshToken: string | undefined,
  signal: AbortSignal,
): Promise<Tokens> {
  const issuer = await openIssuer(terminal, options, signal)
  try {
    const refreshed = refreshToken === undefined ? undefined : await refresh(issuer, refreshToken)
    if (refreshed !== undefined) return refreshed
    return options.flow === 'browser'
      ? await logInWithBrowser(terminal, issuer, options)
      : await logInWithDeviceCode(terminal, issuer)
  } finally {
    issuer.close()
  }
}

/** `undefined` if the issuer does not accept the refresh token any more, or has no new ID token for it. */
async function refresh(issuer: Issuer, refreshToken: string): Promise<Tokens | undefined> {
  try {
    return await issuer.refresh(refreshToken)
  } catch (error) {
    if (error instanceof Failure && error.cause === undefined) return undefined
    throw error
  }
}

/** The last one that RFC 3339 can write. */
const LAST_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59)

/**
 * The answer to a client, in the version of the API in which it asks.
 *
 * Source: client-go `pkg/apis/clientauthentication/v1/types.go`, `plugin/pkg/client/auth/exec/exec.go`.
 */
function execCredential({ idToken, expiresAtMs }: Tokens, env: NodeJS.ProcessEnv): object {
  return {
    kind: 'ExecCredential',
    apiVersion: versionAskedFor(env['KUBERNETES_EXEC_INFO']),
    spec: { interactive: false },
    status: {
      token: idToken,
      expirationTimestamp: new Date(Math.min(expiresAtMs, LAST_TIME_MS))
        .toISOString()
        .replace(/\.\d+Z$/, 'Z'),
    },
  }
}

function versionAskedFor(info: string | undefined): string {
  const [newest] = EXEC_VERSIONS
  const version = memberOf(parsedJson(info ?? ''), 'apiVersion')
  return EXEC_VERSIONS.find((each) => each === version) ?? newest
}

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
  const isOffline = scope.split(' ').includes('offline_access')
  const parameters = new URLSearchParams({ scope, ...(isOffline && { prompt: 'consent' }) })
  const device = await step(async () =>
    oauth.processDeviceAuthorizationResponse(
      server,
      client,
      await oauth.deviceAuthorizationRequest(server, client, authentication, parameters, request),
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
