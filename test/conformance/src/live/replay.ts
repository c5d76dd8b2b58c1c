import { authnAreas } from './authn/index.ts'
import { authzAreas } from './authz/index.ts'
import { deviationRows } from './deviation-rows.ts'
import { explanationProblems } from './explanation-problems.ts'
import type { AnyExplanation, LiveArea, LiveResult } from './live-area.ts'
import { recordingsOf } from './recordings.ts'
import { serverArea } from './server/server-area.ts'
import { tokenAreas } from './tokens/index.ts'

const AREAS: readonly LiveArea[] = [...authzAreas, ...tokenAreas, ...authnAreas, serverArea]

/**
 * Compares our results with those of a real kube-apiserver, area by area, and finally checks that every explanation was used.
 *
 * @param isComplete whether the folder contains every explained difference.
 */
export async function* replayLive(
  folder: string,
  isComplete: boolean,
): AsyncGenerator<{ readonly name: string; readonly result: LiveResult | undefined }> {
  const recordings = recordingsOf(folder)
  const used = new Set<AnyExplanation>()
  for (const { name, replay } of AREAS) {
    const result = await replay(recordings)
    for (const explanation of result?.used ?? []) used.add(explanation)
    yield { name, result }
  }
  if (!isComplete) return
  const all = new Set(AREAS.flatMap(({ explanations }) => explanations))
  const failures = explanationProblems(all, used, deviationRows())
  const passed = all.size - failures.length
  yield { name: 'live-explanations', result: { passed, failures, explained: new Map(), used } }
}
