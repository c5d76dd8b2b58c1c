import { canonical, differencesOf } from '../difference.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { type Manifest, rbacMode } from './policies.ts'

type Rule = Readonly<Record<string, readonly string[]>>

interface RecordedAggregation {
  readonly id: string
  readonly objects: readonly Manifest[]
  /** The rules that the controller wrote, by ClusterRole. */
  readonly answers: Readonly<Record<string, readonly Rule[]>>
}

const AGGREGATIONS = 'authz/recorded/aggregations.ndjson'

/** ClusterRoles that select each other, and the rules that they have then. Each role is bound to a user of its own. */
export const aggregations: LiveArea = liveArea<string>({
  name: 'live-aggregations',
  files: [AGGREGATIONS],
  explanations: [],
  *compare(recordings) {
    for (const { id, objects, answers } of recordings.lines(AGGREGATIONS) as readonly RecordedAggregation[]) {
      const { roles } = rbacMode(objects)
      for (const [name, there] of Object.entries(answers)) {
        const username = `${id}:user-of-${name.split('-').at(-1) ?? ''}`
        const { resourceRules, nonResourceRules } = roles.rulesFor(
          { username, uid: '', groups: [], extra: {} },
          'default',
        )
        const here = [...resourceRules, ...nonResourceRules].map((rule) => ({ ...rule }))
        yield { id: name, asked: name, differences: differencesOf(sorted(there), sorted(here), 'rules') }
      }
    }
  },
})

/** Rules without empty lists, in one order. */
function sorted(rules: readonly Rule[]): readonly string[] {
  return rules
    .map((rule) => canonical(Object.fromEntries(Object.entries(rule).filter(([, list]) => list.length > 0))))
    .toSorted()
}
