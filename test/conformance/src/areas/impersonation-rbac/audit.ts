import { authenticateRequest, impersonateRequest } from '@kube-authn/core/adapter'
import { auditLog, type AuditEvent } from '@kube-authn/audit'
import { alwaysAllow, alwaysDeny, authorizeRequest } from '@kube-authn/core/authorization'
import { requestOf, type VectorRequest } from './request.ts'
import { userOf, type VectorUser } from './subjects.ts'
import { type AreaRunner, Differences, type Vector } from './vector.ts'
import { USER, reading } from '../../reading.ts'

interface Given extends VectorRequest {
  readonly requester: VectorUser
  /** Or the constrained mode that allows it. */
  readonly mode?: string
  readonly impersonated?: string
  readonly refused?: boolean
}

type Expect = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Sends a request through all three steps, as an adapter would, and checks the audit log. */
export const audit: AreaRunner = reading(
  {
    given: ['mode impersonated refused method path headers', { requester: USER }],
    expect: 'RequestReceived ResponseStarted ResponseComplete Panic',
  },
  async (vector) => {
    const { given, expect } = vector as Vector<Given, Expect>
    const events: AuditEvent[] = []
    const observer = auditLog({ write: (event) => events.push(event) })
    const wanted = given.impersonated ?? (given.refused === true ? 'bob' : undefined)
    const { request } = requestOf({
      path: '/api/v1/namespaces/bar/pods/foo',
      ...(wanted !== undefined && { headers: [['Impersonate-User', wanted]] }),
      ...given,
    })
    const user = userOf(given.requester)
    const authenticator = { name: 'known', authenticate: () => ({ user }) }
    await authenticateRequest(authenticator, { observer, log: false })(request, { impersonates: true })
    const permissions = given.refused === true ? alwaysDeny() : alwaysAllow()
    const outcome = await impersonateRequest(permissions, { mode: modeOf(given.mode), observer, log: false })(
      request,
      user,
    )
    let status = 'failure' in outcome ? outcome.failure.status : 200
    if (!('failure' in outcome)) {
      const answer = await authorizeRequest(alwaysAllow(), { observer, log: false })(request, outcome.user)
      if ('failure' in answer) status = answer.failure.status
    }
    observer({ type: 'response', request, status })

    const differences = new Differences()
    for (const [stage, fields] of Object.entries(expect)) {
      const event = events.find((each) => each.stage === stage)
      for (const [path, expected] of Object.entries(fields)) {
        differences.compare(`${stage} ${path}`, valueAt(event, path) ?? null, expected)
      }
    }
    return differences.verdict()
  },
)

/** The value at a path of members joined by dots, which may be in their names as well. */
function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const members: Readonly<Record<string, unknown>> = { ...value }
  if (path in members) return members[path]
  for (const [name, member] of Object.entries(members)) {
    if (path.startsWith(`${name}.`)) return valueAt(member, path.slice(name.length + 1))
  }
  return undefined
}

function modeOf(mode = 'legacy'): 'constrained' | 'legacy' {
  return mode === 'legacy' ? 'legacy' : 'constrained'
}
