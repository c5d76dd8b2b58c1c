import { isWithoutUser } from '../authenticator/no-user.ts'
import type { StatusError } from '../authenticator/status.ts'
import type { Refusal } from './refusal.ts'
import type { Told } from './told.ts'
import { shownReason, shownValue } from '../internal/log/shown-values.ts'

const MAX_GROUPS = 8
/** The line has the path already, and the query is not logged. */
const TARGET = /^Internal Server Error: "(?:[^"\\]|\\.)*": /

/** Why `impersonation` or `authorization` refused a request. */
export function forbiddenFacts({ failure, by, user }: Refusal, secrets: readonly string[]): Told {
  const reason = shownReason(messageOf(failure), secrets)
  const who = user === undefined ? '' : ` (${shownValue(user.username)}${groupsOf(user.groups)})`
  return {
    sentence: `refused by ${by}${who}: ${reason}`,
    refusedBy: [by],
    ...(user !== undefined && { username: shownValue(user.username).slice(1, -1) }),
    reason,
    ...(failure.status === 403 && { advice: adviceFor(by, reason) }),
  }
}

function messageOf(failure: StatusError): string {
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
