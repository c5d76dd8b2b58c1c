import type { KubernetesVersion } from '@kube-authn/core'
import { authnAreas } from './authn/index.ts'
import { authzAreas } from './authz/index.ts'
import { deviationRows } from './deviation-rows.ts'
import { explanationProblems } from './explanation-problems.ts'
import { type AnyExplanation, type LiveArea, type LiveResult, RECORDED } from './live-area.ts'
import { recordingsOf } from './recordings.ts'
import { serverArea } from './server/server-area.ts'
import { tokenAreas } from './tokens/index.ts'

const AREAS: readonly LiveArea[] = [...authzAreas, ...tokenAreas, ...authnAreas, serverArea]

/** The comparison of an area with the answers of a release. */
export interface Replayed {
  readonly name: string
  readonly release: KubernetesVersion
  /** `undefined` without recordings. */
  readonly result: LiveResult | undefined
}

/** The areas of which something depends on the release. */
export const AREAS_BY_RELEASE: ReadonlySet<string> = new Set(
  AREAS.filter(({ releases }) => releases !== undefined).map(({ name }) => name),
)

/**
 * Compares our results with those of a real kube-apiserver, area by area, and finally checks that every explanation was used.
 *
 * @param isComplete whether the folder contains every explained difference.
 */
export async function* replayLive(folder: string, isComplete: boolean): AsyncGenerator<Replayed> {
  const recordings = recordingsOf(folder)
  const used = new Set<AnyExplanation>()
  for (const { name, releases = [RECORDED], replay } of AREAS) {
    for (const release of releases) {
      const result = await replay(recordings, release)
      for (const explanation of result?.used ?? []) used.add(explanation)
      yield { name, release, result }
    }
  }
  if (!isComplete) return
  const all = new Set(AREAS.flatMap(({ explanations }) => explanations))
  const failures = explanationProblems(all, used, deviationRows())
  const passed = all.size - failures.length
  yield {
    name: 'live-explanations',
    release: RECORDED,
    result: { passed, failures, explained: new Map(), used },
  }
}
