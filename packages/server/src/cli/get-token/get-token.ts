import { systemClock } from '@kube-authn/core/internal'
import { durationSeconds } from '../terminal/duration.ts'
import { write } from '../terminal/output.ts'
import { Failure } from '../failure.ts'
import { checkLogin } from './check-login.ts'
import type { GetTokenOptions } from './command.ts'
import { execCredential } from './exec-credential.ts'
import { type Issuer, openIssuer } from './issuer.ts'
import { logInWithBrowser } from './browser/log-in-with-browser.ts'
import { logInWithDeviceCode } from './log-in-with-device-code.ts'
import { alone } from '../process-lock.ts'
import { cacheEntry, type CacheEntry, type Tokens } from './token-cache.ts'

/** Longer timers of Node end at once. */
const MAX_TIMER_MS = 2_147_483_647

/** Prints a token of an OpenID Connect issuer as an `ExecCredential`. */
export async function getToken(options: GetTokenOptions): Promise<void> {
  checkLogin(options)
  const timeoutMs = Math.ceil(durationSeconds(options.timeout, '--timeout') * 1000)
  const signal = AbortSignal.timeout(Math.min(timeoutMs, MAX_TIMER_MS))
  const tokens = await tokensFor(options, signal)
  await write(`${JSON.stringify(execCredential(tokens, process.env))}\n`)
}

async function tokensFor(options: GetTokenOptions, signal: AbortSignal): Promise<Tokens> {
  if (!options.cache) return logIn(options, undefined, signal)
  const entry = cacheEntry(options, process.env)
  const kept = entry.read()
  if (kept !== undefined && isFresh(kept)) return kept
  return alone(entry.lockPath, 'login', signal, async () => {
    // Another process may have logged in meanwhile.
    const now = entry.read()
    if (now !== undefined && isFresh(now)) return now
    return keep(entry, await logIn(options, now?.refreshToken, signal))
  })
}

function keep(entry: CacheEntry, tokens: Tokens): Tokens {
  entry.write(tokens)
  return tokens
}

/** A token that expires on its way to the server would be refused. */
const LEEWAY_MS = 30_000

function isFresh({ expiresAtMs }: Tokens): boolean {
  return expiresAtMs - LEEWAY_MS > systemClock.now()
}

async function logIn(
  options: GetTokenOptions,
  refreshToken: string | undefined,
  signal: AbortSignal,
): Promise<Tokens> {
  const issuer = await openIssuer(options, signal)
  try {
    const refreshed = refreshToken === undefined ? undefined : await refresh(issuer, refreshToken)
    if (refreshed !== undefined) return refreshed
    return options.flow === 'browser'
      ? await logInWithBrowser(issuer, options, signal)
      : await logInWithDeviceCode(issuer, signal)
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
