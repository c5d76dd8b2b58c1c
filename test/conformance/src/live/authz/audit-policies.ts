import { type AuditEvent, auditLog, auditPolicy } from '@kube-authn/audit'
import type { Observer } from '@kube-authn/core'
import type { Authorizer, RbacAuthorizer } from '@kube-authn/core/authorization'
import { type Difference, differencesOf, isObject } from '../difference.ts'
import { type AppParts, appParts } from '../http/app-parts.ts'
import { FRAMEWORKS, serverOf } from '../http/framework-apps.ts'
import { proxied, type RecordedRequest } from '../http/recorded-request.ts'
import { runningServer } from '../http/running-app.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { withoutLatency } from './event-differences.ts'
import { explainedPolicies } from './explained-policies.ts'
import { bootstrapPolicy, type Manifest, rbacMode } from './policies.ts'
import { attributesOfSpec } from './question.ts'

/** A request, and the events that were written about it. */
export interface RecordedAudit extends RecordedRequest {
  readonly id: string
  readonly status: number
  readonly events: readonly Partial<AuditEvent>[]
}

const REQUESTS = 'authz/more/audit.ndjson'
const POLICY = 'authz/more/audit-policy.json'
const BOOTSTRAP = 'authz/recorded/bootstrap-rbac.json'

/** Audit policies: which requests have which events, in every framework. */
export const auditPolicies: LiveArea = liveArea<RecordedAudit>({
  name: 'live-audit-policies',
  files: [REQUESTS, POLICY, BOOTSTRAP],
  explanations: explainedPolicies,
  async *compare(recordings) {
    const { authorizer, roles } = rbacMode([...bootstrapPolicy(recordings), ...grants()])
    const policy = recordings.text(POLICY)
    for (const framework of FRAMEWORKS) {
      const { parts, eventsUntilEnd } = auditedApp(authorizer, policy)
      const app = await runningServer(serverOf(framework, parts))
      for (const asked of recordings.lines(REQUESTS) as readonly RecordedAudit[]) {
        const headers = [...(asked.headers ?? []), ['Audit-ID', asked.id] as const]
        const events = eventsUntilEnd()
        await app.ask(proxied({ ...asked, headers }))
        yield {
          id: `${framework} ${asked.id} ${asked.method} ${asked.target}`,
          asked,
          differences: eventDifferences(asked, await events, roles),
        }
      }
      await app.close()
    }
  },
})

/** An app that writes events by a policy, and tells when a request is over. */
function auditedApp(
  authorizer: Authorizer,
  policy: string,
): { readonly parts: AppParts; readonly eventsUntilEnd: () => Promise<readonly AuditEvent[]> } {
  let events: AuditEvent[] = []
  let end = (): void => undefined
  const log = auditLog({
    policy: auditPolicy(policy, { bodies: 'leftOut' }),
    write: (event) => events.push(event),
  })
  const observer: Observer = (event) => {
    log(event)
    if (event.type === 'response') end()
  }
  return {
    parts: { ...appParts(authorizer), common: { observer, log: false } },
    eventsUntilEnd: () =>
      new Promise((resolve) => {
        events = []
        end = () => resolve(events)
      }),
  }
}

/** What the server's requests were allowed: reading for one group, impersonating for another. */
function grants(): readonly Manifest[] {
  const role = (name: string, rules: readonly object[]): readonly Manifest[] => {
    const common = { apiVersion: `${RBAC}/v1`, metadata: { name } }
    const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name }
    const subjects = [{ kind: 'Group', apiGroup: RBAC, name }]
    return [
      { ...common, kind: 'ClusterRole', rules },
      { ...common, kind: 'ClusterRoleBinding', roleRef, subjects },
    ]
  }
  return [
    ...role('audit-allowed', [
      { apiGroups: ['', 'apps', 'batch'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
      { nonResourceURLs: ['/healthz*', '/x/*', '/api', '/nothing'], verbs: ['*'] },
    ]),
    ...role('audit-imp', [
      { apiGroups: [''], resources: ['users', 'groups', 'serviceaccounts'], verbs: ['impersonate'] },
      {
        apiGroups: ['authentication.k8s.io'],
        resources: ['uids', 'userextras/scopes'],
        verbs: ['impersonate'],
      },
    ]),
  ]
}

const RBAC = 'rbac.authorization.k8s.io'
const TIMES = ['requestReceivedTimestamp', 'stageTimestamp']

/** The stages, and each field of the events of a stage that both have. The status of an allowed request is the app's. */
function eventDifferences(
  { events }: RecordedAudit,
  here: readonly AuditEvent[],
  roles: RbacAuthorizer,
): readonly Difference[] {
  const stages = (all: readonly Partial<AuditEvent>[]): readonly unknown[] => all.map(({ stage }) => stage)
  const isAllowed = events.some(
    ({ annotations }) => annotations?.['authorization.k8s.io/decision'] === 'allow',
  )
  return [
    ...differencesOf(stages(events), stages(here), 'stages'),
    ...events.flatMap((event) => {
      const ours = here.find(({ stage }) => stage === event.stage)
      if (ours === undefined) return []
      const differences = differencesOf(
        comparable(event, isAllowed),
        comparable(ours, isAllowed),
        String(event.stage),
      )
      return differences.filter((each) => !isOtherGrant(each, ours, roles))
    }),
  ]
}

/** Bindings have no order in a kube-apiserver: if several allow a request, each of their reasons is valid. */
function isOtherGrant({ at, there, here }: Difference, event: AuditEvent, roles: RbacAuthorizer): boolean {
  if (!at.endsWith('.annotations.authorization.k8s.io/reason')) return false
  const { requestURI, verb, user } = event
  const path = requestURI.replace(/\?.*/, '')
  const spec = { user: user.username ?? '', groups: user.groups ?? [], nonResourceAttributes: { verb, path } }
  const reasons = new Set<unknown>(roles.explain(attributesOfSpec(spec)).map(({ reason }) => reason))
  return reasons.has(there) && reasons.has(here)
}

function comparable(event: Partial<AuditEvent>, isAllowed: boolean): Readonly<Record<string, unknown>> {
  const left = isAllowed ? [...TIMES, 'responseStatus'] : TIMES
  const fields = Object.entries(event).filter(
    ([field, value]) => !left.includes(field) && value !== undefined,
  )
  const { annotations, ...rest } = Object.fromEntries(fields)
  return isObject(annotations) ? { ...rest, annotations: withoutLatency(annotations) } : rest
}
