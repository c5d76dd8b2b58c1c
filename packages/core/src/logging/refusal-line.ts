import { credentialHeaders } from '../authenticator/known-credentials.ts'
import { type AuthenticationError, isFault } from '../authenticator/errors.ts'
import type { LogEntry } from '../authenticator/log.ts'
import { isWithoutUser } from '../authenticator/no-user.ts'
import { refuserOf } from '../authenticator/consult.ts'
import type { StatusError } from '../authenticator/status.ts'
import { systemClock } from '../internal/clock.ts'
import { shownAddress, shownPath } from '../internal/log/shown-request.ts'
import { networkWords, shownReason, shownValue } from '../internal/log/shown-values.ts'
import { decodeCredentials } from '../request/basic.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { credentialsIn } from './credentials-in.ts'
import type { Refusal, RefusalFacts } from './refusal.ts'
import { remedyFor } from './remedies.ts'
import { type Sent, sentIn } from './sent-credentials.ts'
import { unknownCaller, unknownToken } from './unknown-credential.ts'

/** The line about a refused request: method, path, client, what was sent, which authenticator refused it and why, and what to do. */
export function refusalEntry(refusal: Refusal): LogEntry {
  const { request, failure, error, by, toLogin = false } = refusal
  const status = toLogin ? 303 : failure.status
  const secrets = secretsOf(refusal)
  const method = shownPath(request.method, [])
  const path = shownPath(request.path, secrets)
  const address = shownAddress(request.clientAddress?.() ?? request.remoteAddress?.())
  const { sentence, ...found } =
    by === 'authentication' ? authenticationFacts(refusal, secrets) : forbiddenFacts(refusal, secrets)
  const facts = toLogin ? { ...found, advice: 'The browser is sent to the login.' } : found
  const end = /[.!?]$/.test(sentence) ? '' : '.'
  const from = address === undefined ? '' : ` from ${address}`
  const advice = facts.advice === undefined ? '' : ` ${facts.advice}`
  return {
    level: failure.status >= 500 || error?.code === 'unavailable' ? 'error' : 'warn',
    type: 'refusal',
    message: `kube-authn: ${status} ${method} ${path}${from}: ${sentence}${end}${advice}`,
    status,
    method,
    path,
    ...(address !== undefined && { address }),
    ...facts,
  }
}

function authenticationFacts(refusal: Refusal, secrets: readonly string[]): RefusalFacts {
  const { request, error, failure, authenticator } = refusal
  if (request.refusal !== undefined) return { sentence: failure.message, reason: failure.message }
  const own = authenticator === undefined ? [] : credentialHeaders(authenticator)
  const sent = sentIn(request, systemClock.now(), own)
  return error === undefined ? unknownCaller(refusal, sent) : errorFacts(refusal, error, sent, secrets)
}

const MAX_ERRORS = 4

function errorFacts(
  refusal: Refusal,
  error: AuthenticationError,
  sent: Sent,
  secrets: readonly string[],
): RefusalFacts {
  const { authenticator } = refusal
  const errors = (error.errors.length === 0 ? [error] : error.errors).slice(0, MAX_ERRORS)
  // Without the cache around it.
  const name = (each: AuthenticationError): string =>
    (refuserOf(each) ?? authenticator?.name ?? 'the authenticator').replace(/^cached\((.*)\)$/, '$1')
  const reasons = errors.map((each) => ({ by: name(each), reason: shownReason(messageOf(each), secrets) }))
  const what = sent.text === '' ? 'the request' : sent.text
  const isOutage = error.code === 'unavailable'
  const told = reasons.map(({ by, reason }) => `${by}: ${reason}`).join('; ')
  const [first] = reasons
  // The message of `bearerToken` if no token authenticator had an opinion.
  const isUnknown = first?.reason === 'invalid bearer token' && errors.length === 1
  const unknown = isUnknown ? unknownToken(refusal, sent) : undefined
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

const MAX_GROUPS = 8
/** The line has the path already, and the query is not logged. */
const TARGET = /^Internal Server Error: "(?:[^"\\]|\\.)*": /

/** Why `impersonation` or `authorization` refused a request. */
function forbiddenFacts({ failure, by, user }: Refusal, secrets: readonly string[]): RefusalFacts {
  const reason = shownReason(forbiddenReason(failure), secrets)
  const who = user === undefined ? '' : ` (${shownValue(user.username)}${groupsOf(user.groups)})`
  return {
    sentence: `refused by ${by}${who}: ${reason}`,
    refusedBy: [by],
    ...(user !== undefined && { username: shownValue(user.username).slice(1, -1) }),
    reason,
    ...(failure.status === 403 && { advice: adviceFor(by, reason) }),
  }
}

function forbiddenReason(failure: StatusError): string {
  // Only for this mistake of the app the cause says what to do, and contains nothing else.
  if (isWithoutUser(failure)) return failure.cause.message
  return failure.status === 401
    ? 'it needs a user, and the request has none'
    : failure.message.replace(TARGET, '')
}

function adviceFor(by: Refusal['by'], reason: string): string {
  if (by === 'authorization') return GUARDED.test(reason) ? MEET : MAY
  return reason.includes('no impersonation middleware') ? MOUNT : IMPERSONATE
}

const MOUNT =
  "Mount impersonation(...) after authentication(...); if it is mounted but not found, set impersonationHeaders: 'later', and to forward the " +
  "headers to a kube-apiserver, set 'pass'."
/** The reasons of `requireUser`, `requireGroups` and `requireScopes`. */
const GUARDED = /: requires (?:an authenticated user$|(?:the|one of the|all of the) (?:group|scope)s? ")/
const MEET =
  'If the user should be allowed to, let the credential have what is required, or change the guard of this route.'
const MAY =
  'If the user should be allowed to, add a rule for the user or one of the groups to the policy of the authorizer.'
const IMPERSONATE =
  'If the user should be allowed to, grant the verb impersonate; if the headers are not meant for this app, let the client leave out Impersonate-*.'

function groupsOf(groups: readonly string[]): string {
  if (groups.length === 0) return ', in no group'
  const more = groups.length > MAX_GROUPS ? `, and ${groups.length - MAX_GROUPS} more` : ''
  return `, in ${groups.slice(0, MAX_GROUPS).map(shownValue).join(', ')}${more}`
}

/** Shorter names occur in any sentence. */
const MIN_NAME = 8

/**
 * What a line must not contain: every credential that was sent, and the name beside a password, since people type passwords into the wrong
 * field. Cookies are no credential unless the authenticator says so: their words would hide parts of lines.
 */
function secretsOf({ request, authenticator }: Refusal): readonly string[] {
  if (request.refusal !== undefined) return []
  const own = authenticator === undefined ? [] : credentialHeaders(authenticator)
  const credentials = credentialsIn(own.includes('cookie') ? request : withoutCookies(request), own)
  const names = request.headers.all('authorization').flatMap((value) => {
    const name = decodeCredentials(value.split(' ')[1] ?? '')?.[0] ?? ''
    return name.length < MIN_NAME ? [] : [name]
  })
  return [...credentials, ...names]
}

function withoutCookies({ method, path, query, headers }: AuthenticationRequest): AuthenticationRequest {
  return {
    method,
    path,
    query,
    headers: {
      exact: headers.exact,
      first: (name) => (name === 'cookie' ? undefined : headers.first(name)),
      all: (name) => (name === 'cookie' ? [] : headers.all(name)),
      entries: () => headers.entries(),
      hasPrefix: (prefix) => headers.hasPrefix(prefix),
    },
  }
}
