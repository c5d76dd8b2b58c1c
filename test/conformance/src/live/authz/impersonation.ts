import type { AuditEvent } from '@kube-authn/audit'
import { appParts } from '../http/app-parts.ts'
import { type Framework, FRAMEWORKS } from '../http/framework-apps.ts'
import type { HttpAnswer } from '../http/http-client.ts'
import { proxied, type RecordedRequest } from '../http/recorded-request.ts'
import { runningApp } from '../http/running-app.ts'
import { type Compared, type LiveArea, liveArea } from '../live-area.ts'
import type { Recordings } from '../recordings.ts'
import { eventDifferences } from './event-differences.ts'
import { explainedImpersonation } from './explained-impersonation.ts'
import { impersonationDifferences } from './impersonation-differences.ts'
import { bootstrapPolicy, type Manifest, rbacMode } from './policies.ts'

export interface RecordedImpersonation extends RecordedRequest {
  readonly id: string
  /** Several if extra fields are refused, since these have no order there. */
  readonly answers: readonly HttpAnswer[]
  readonly audit: Partial<AuditEvent>
}

const POLICY = 'authz/recorded/impersonation-policy.json'

/** Impersonation: permissions, response and audit event, in every framework. */
export const impersonations: readonly LiveArea[] = (['constrained', 'legacy'] as const).map((mode) => {
  const cases = `authz/recorded/impersonation-${mode}.ndjson`
  return liveArea<RecordedImpersonation>({
    name: `live-impersonation-${mode}`,
    files: [POLICY, cases],
    explanations: explainedImpersonation,
    // The recorded server had the gate of 1.36 off for `legacy`, as 1.35 has.
    releases: mode === 'legacy' ? ['1.35'] : ['1.36', '1.37'],
    async *compare(recordings, kubernetesVersion) {
      const { objects } = recordings.json(POLICY) as { readonly objects: readonly Manifest[] }
      const { authorizer } = rbacMode([...bootstrapPolicy(recordings), ...objects])
      for (const framework of FRAMEWORKS) {
        const parts = appParts(authorizer, { impersonation: { kubernetesVersion } })
        yield* compareIn(framework, parts, recordings, cases)
      }
    },
  })
})

async function* compareIn(
  framework: Framework,
  parts: ReturnType<typeof appParts>,
  recordings: Recordings,
  cases: string,
): AsyncGenerator<Compared<RecordedImpersonation>> {
  const app = await runningApp(framework, parts)
  for (const asked of recordings.lines(cases) as readonly RecordedImpersonation[]) {
    const here = await app.ask(proxied(asked))
    const ofAnswer = impersonationDifferences(asked.answers, here)
    const hasOtherStatus = ofAnswer.some(({ at }) => at === 'status')
    const ofEvent = hasOtherStatus ? [] : eventDifferences(asked, await app.endOfRequest())
    yield { id: `${framework} ${asked.id}`, asked, differences: [...ofAnswer, ...ofEvent] }
  }
  await app.close()
}
