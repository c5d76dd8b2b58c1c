import type { Difference } from '../difference.ts'
import { answerDifferences } from '../http/answer-differences.ts'
import { appParts } from '../http/app-parts.ts'
import { FRAMEWORKS } from '../http/framework-apps.ts'
import type { HttpAnswer } from '../http/http-client.ts'
import { proxied, type RecordedRequest } from '../http/recorded-request.ts'
import { runningApp } from '../http/running-app.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { explainedRefusals } from './explained-refusals.ts'
import { bootstrapPolicy, rbacMode } from './policies.ts'

export interface RecordedRefusal extends RecordedRequest {
  readonly id: number
  readonly answer: HttpAnswer
}

const REQUESTS = 'authz/recorded/requests.ndjson'

/** Requests of users without permissions: attributes and refusals, in every framework. */
export const requests: LiveArea = liveArea<RecordedRefusal>({
  name: 'live-requests',
  files: [REQUESTS],
  explanations: explainedRefusals,
  async *compare(recordings) {
    const { authorizer } = rbacMode(bootstrapPolicy(recordings))
    for (const framework of FRAMEWORKS) {
      const app = await runningApp(framework, appParts(authorizer))
      for (const asked of recordings.lines(REQUESTS) as readonly RecordedRefusal[]) {
        const here = await app.ask(proxied(asked))
        const differences = refusalDifferences(asked.answer, here)
        yield {
          id: `${framework} ${asked.id} ${asked.method} ${asked.target.slice(0, 200)}`,
          asked,
          differences,
        }
      }
      await app.close()
    }
  },
})

/** Responses to allowed requests are compared elsewhere. */
export function refusalDifferences(there: HttpAnswer, here: HttpAnswer): readonly Difference[] {
  return isRefusal(there) || isRefusal(here) ? answerDifferences(there, here) : []
}

/** Whether authentication, impersonation or authorization refuse it. */
export function isRefusal({ status, body }: HttpAnswer): boolean {
  return [0, 400, 401, 403].includes(status) || (status === 500 && body.startsWith('Internal Server Error'))
}
