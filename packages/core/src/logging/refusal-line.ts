import { credentialHeaders } from '../authenticator/credential-headers.ts'
import type { AuthenticationError } from '../authenticator/errors.ts'
import { isFault } from '../authenticator/errors.ts'
import type { LogEntry } from '../authenticator/log.ts'
import { refuserOf } from '../authenticator/consult.ts'
import { systemClock } from '../internal/clock.ts'
import type { Refusal } from './refusal.ts'
import { forbiddenFacts } from './forbidden.ts'
import { networkWords } from '../internal/log/network-reason.ts'
import { remedyFor } from './remedies.ts'
import { secretsOf } from './secrets.ts'
import { type Sent, sentIn } from './sent-credentials.ts'
import { shownAddress, shownPath, shownReason } from '../internal/log/shown-values.ts'
import type { Told } from './told.ts'
import { unknownCaller, unknownToken } from './unknown-credential.ts'

/** The line about a refused request: method, path, client, what was sent, which authenticator refused it and why, and what to do. */
export function refusalEntry(refusal: Refusal): LogEntry {
  const { request, failure, error, by } = refusal
  const secrets = secretsOf(refusal)
  const method = shownPath(request.method, [])
  const path = shownPath(request.path, secrets)
  const address = shownAddress(request.clientAddress?.() ?? request.remoteAddress?.())
  const { sentence, ...facts } =
    by === 'authentication' ? authenticationFacts(refusal, secrets) : forbiddenFacts(refusal, secrets)
  const from = address === undefined ? '' : ` from ${address}`
  const advice = facts.advice === undefined ? '' : ` ${facts.advice}`
  return {
    level: failure.status >= 500 || error?.code === 'unavailable' ? 'error' : 'warn',
    type: 'refusal',
    message: `kube-authn: ${failure.status} ${method} ${path}${from}: ${ended(sentence)}${advice}`,
    status: failure.status,
    method,
    path,
    ...(address !== undefined && { address }),
    ...facts,
  }
}

function authenticationFacts(refusal: Refusal, secrets: readonly string[]): Told {
  const { request, error, failure, authenticator } = refusal
  if (request.refusal !== undefined || error === undefined) {
    const own = authenticator === undefined ? [] : credentialHeaders(authenticator)
    const sent = sentIn(request, systemClock.now(), own)
    return request.refusal === undefined
      ? unknownCaller(refusal, sent)
      : { sentence: failure.message, reason: failure.message }
  }
  const sent = sentIn(
    request,
    systemClock.now(),
    authenticator === undefined ? [] : credentialHeaders(authenticator),
  )
  return errorFacts(refusal, error, sent, secrets)
}

const MAX_ERRORS = 4

function errorFacts(
  refusal: Refusal,
  error: AuthenticationError,
  sent: Sent,
  secrets: readonly string[],
): Told {
  const { authenticator } = refusal
  const errors = (error.errors.length === 0 ? [error] : error.errors).slice(0, MAX_ERRORS)
  const name = (each: AuthenticationError): string =>
    plainName(refuserOf(each) ?? authenticator?.name ?? 'the authenticator')
  const reasons = errors.map((each) => ({ by: name(each), reason: shownReason(messageOf(each), secrets) }))
  const what = sent.text === '' ? 'the request' : sent.text
  const isOutage = error.code === 'unavailable'
  const told = reasons.map(({ by, reason }) => `${by}: ${reason}`).join('; ')
  const [first] = reasons
  const unknown =
    isUnknownToken(first?.reason) && errors.length === 1 ? unknownToken(refusal, sent) : undefined
  const reason = unknown?.reason ?? reasons.map((each) => each.reason).join('; ')
  return {
    sentence:
      unknown?.sentence ??
      (isOutage ? `${what} could not be checked by ${told}` : `${what} refused by ${told}`),
    ...(sent.text !== '' && { sent: sent.text }),
    refusedBy: reasons.map((each) => each.by),
    reason,
    advice: unknown?.advice ?? remedyFor(reason, isOutage),
  }
}

/** Without the cache around it. */
function plainName(name: string): string {
  return name.replace(/^cached\((.*)\)$/, '$1')
}

/** The message of `bearerToken` if no token authenticator had an opinion. */
function isUnknownToken(reason: string | undefined): boolean {
  return reason === 'invalid bearer token'
}

/** Without what the name of the authenticator says already; for an outage, with the reason of the network. */
function messageOf(error: AuthenticationError): string {
  const message = error.message.replace(/^(?:oidc: )?(?:verify token: )?(?:oidc: )?/, '')
  if (error.code !== 'unavailable') return message
  const network = networkWords(error)
  const { cause } = error
  // Errors of this suite only: those of others may contain anything.
  const inner =
    !isFault(error) && network === '' && cause instanceof Error && /^[\w .:()-]{1,80}$/.test(cause.message)
      ? cause.message
      : network
  return inner === '' || message.includes(inner) ? message : `${message}: ${inner}`
}

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}
