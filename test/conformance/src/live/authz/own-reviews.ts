import { canonical, differencesOf, isObject } from '../difference.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { accessReviewDifferences, inAnyOrder } from './access-review-differences.ts'
import { kindOf422 } from './explained-422.ts'
import { rbacModes } from './policies.ts'
import type { RecordedSpec } from './question.ts'
import { type JsonAnswer, reviewInProcess } from './review-in-process.ts'

interface RecordedOwnReview {
  readonly id: string
  readonly policy: string
  readonly target: string
  readonly user: string
  readonly groups: readonly string[]
  readonly spec: RecordedSpec
  readonly status: number
  readonly answer: JsonAnswer['body']
}

const REVIEWS = 'authz/recorded/own-reviews.ndjson'
const POLICIES = 'authz/recorded/own-policies.ndjson'

/** SelfSubjectAccessReviews, SelfSubjectRulesReviews, and LocalSubjectAccessReviews. */
export const ownReviews: LiveArea = liveArea<RecordedOwnReview>({
  name: 'live-own-reviews',
  files: [REVIEWS, POLICIES],
  explanations: [
    kindOf422,
    {
      row: 'rules of system:masters',
      explains: ({ at, there, here }, { groups }) =>
        at.endsWith('Rules') && groups.includes('system:masters') && isListOnlyLonger(there, here),
    },
  ],
  async *compare(recordings) {
    const modeOf = rbacModes(recordings, POLICIES)
    for (const asked of recordings.lines(REVIEWS) as readonly RecordedOwnReview[]) {
      const { target, spec, user, status, answer } = asked
      const mode = modeOf(asked.policy)
      const groups = [...asked.groups, 'system:authenticated']
      const caller = { username: user, uid: '', groups, extra: {} }
      const here = await reviewInProcess(mode.authorizer, target, spec, caller)
      // The metadata was not recorded.
      const there = { status, body: { ...answer, metadata: here.body['metadata'] } }
      const differences = target.endsWith('rulesreviews')
        ? differencesOf(inOrder(there), inOrder(here))
        : accessReviewDifferences(
            there,
            here,
            mode,
            target.includes('/self') ? { ...spec, user, groups } : spec,
          )
      yield { id: `${asked.id} ${target}`, asked, differences }
    }
  },
})

/** Rules and errors of a SelfSubjectRulesReview have no order, since bindings have none. */
function inOrder({ status, body }: JsonAnswer): unknown {
  const found = body['status']
  if (!isObject(found)) return { status, body }
  const { resourceRules, nonResourceRules, evaluationError, ...rest } = found
  const sorted = (rules: unknown): unknown => (Array.isArray(rules) ? rules.map(canonical).toSorted() : rules)
  return {
    status,
    body: {
      ...body,
      status: {
        ...rest,
        resourceRules: sorted(resourceRules),
        nonResourceRules: sorted(nonResourceRules),
        evaluationError: typeof evaluationError === 'string' ? inAnyOrder(evaluationError) : undefined,
      },
    },
  }
}

/** Whether a list says the same, and something of it more than once. */
function isListOnlyLonger(there: unknown, here: unknown): boolean {
  return (
    Array.isArray(there) &&
    Array.isArray(here) &&
    here.length > there.length &&
    canonical([...new Set(there)]) === canonical([...new Set(here)])
  )
}
