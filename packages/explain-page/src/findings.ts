import { attributesBelow, defined } from '@kube-authn/core/internal'
import {
  authenticateRequest,
  authorizeRequest,
  impersonateRequest,
  notify,
  type StatusError,
} from '@kube-authn/core/adapter'
import { auditLog, type AuditEvent } from '@kube-authn/audit'
import {
  type AuthenticationRequest,
  type Authenticator,
  explain,
  type Explanation,
  type Observer,
  rejected,
  unavailable,
  type UserInfo,
} from '@kube-authn/core'
import {
  type Attributes,
  attributesOf,
  type RbacAuthorizer,
  type RequestAttributes,
} from '@kube-authn/core/authorization'
import type { ExplainPageOptions } from './options.ts'

type RbacGrant = ReturnType<RbacAuthorizer['explain']>[number]

/** What an app would decide about a request. */
export interface Findings {
  readonly explanation: Explanation
  /** The user that the app would see. */
  readonly user: UserInfo | undefined
  /** The caller, if the request asks to act as another user. */
  readonly requester: UserInfo | undefined
  /** Why the request is refused. */
  readonly failure: StatusError | undefined
  /** Which middleware would refuse it. */
  readonly refusedBy: 'authentication' | 'impersonation' | 'authorization' | undefined
  /** The decision of the authorizer, if it was asked. */
  readonly decision: Decided | undefined
  readonly audit: AuditEvent | undefined
}

/** A decision of an authorizer. */
export interface Decided {
  readonly isAllowed: boolean
  readonly attributes: Attributes
  readonly reason: string
  /** The binding and the rule that allow it, if the authorizer can tell. */
  readonly grant: RbacGrant | undefined
}

/** Handles requests as the middlewares of an app would, without a trace of it: no observer of the app is called, and nothing is logged. */
export type Find = (request: AuthenticationRequest) => Promise<Findings>

/** Finds out what the app decides about requests. */
export function finder(authenticator: Authenticator, options: ExplainPageOptions): Find {
  const { authorizer, audiences, clock, prefix } = options
  const below = defined({ prefix })

  return async function find(request) {
    let audit: AuditEvent | undefined
    const observer = auditLog({ write: (event) => (audit = event), ...defined({ prefix, clock }) })
    const explanation = await explain(authenticator, request, defined({ audiences }))
    const authenticate = authenticateRequest(knowing(authenticator, explanation), { observer, log: false })
    const known = await authenticate(request, { impersonates: authorizer !== undefined })
    const finish = (found: Partial<Findings>): Findings => {
      const { failure } = found
      notify(observer, { type: 'response', request, status: failure?.status ?? 200 })
      return { ...NOTHING, ...found, explanation, audit }
    }
    if ('failure' in known) return finish({ failure: known.failure, refusedBy: 'authentication' })
    const { user } = known.authentication
    if (authorizer === undefined) return finish({ user })
    const acting = await impersonateRequest(authorizer, { observer, log: false, ...below })(request, user)
    if ('failure' in acting) return finish({ user, failure: acting.failure, refusedBy: 'impersonation' })
    const effective = acting.user ?? user
    const caller = { user: effective, ...(acting.requester !== undefined && { requester: acting.requester }) }
    return finish({ ...caller, ...(await authorize(request, effective, observer, options)) })
  }
}

const NOTHING = {
  user: undefined,
  requester: undefined,
  failure: undefined,
  refusedBy: undefined,
  decision: undefined,
}

/** The same decision again, for the audit log, without another call of the authenticator. */
function knowing(
  { name, credentials, audiences }: Authenticator,
  { user, outcome, message = '' }: Explanation,
): Authenticator {
  return {
    name,
    ...defined({ credentials, audiences }),
    authenticate() {
      if (user !== undefined) return { user }
      if (outcome === 'rejected') throw rejected(message)
      if (outcome === 'unavailable') throw unavailable(message)
      return undefined
    },
  }
}

async function authorize(
  request: AuthenticationRequest,
  user: UserInfo,
  observer: Observer,
  { authorizer, prefix, attributes: read = attributesBelow(prefix) }: ExplainPageOptions,
): Promise<Pick<Partial<Findings>, 'decision' | 'failure' | 'refusedBy'>> {
  if (authorizer === undefined) return {}
  let about: RequestAttributes | undefined
  let thrown: unknown
  try {
    about = read(request)
    if (about === undefined) return {}
  } catch (error) {
    thrown = error
  }
  const outcome = await authorizeRequest(authorizer, { observer, log: false })(request, user, {
    attributes() {
      if (about === undefined) throw thrown
      return about
    },
  })
  if (about === undefined)
    return 'failure' in outcome ? { failure: outcome.failure, refusedBy: 'authorization' } : {}
  const attributes = attributesOf(user, about)
  if ('failure' in outcome) {
    const { failure } = outcome
    const reason = failure.status === 403 ? '' : failure.message
    const decision = { isAllowed: false, attributes, reason, grant: undefined }
    return { failure, refusedBy: 'authorization', decision }
  }
  const grant = authorizer.explain?.(attributes)[0]
  return { decision: { isAllowed: true, attributes, reason: outcome.reason, grant } }
}
