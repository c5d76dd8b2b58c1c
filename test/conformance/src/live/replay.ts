import { authzAreas } from './authz/index.ts'
import { deviationRows } from './deviation-rows.ts'
import type { LiveArea, LiveResult } from './live-area.ts'
import { recordingsOf } from './recordings.ts'

const AREAS: readonly LiveArea[] = authzAreas

/**
 * Compares our answers with those of a running kube-apiserver, area by area.
 *
 * @param isComplete whether the folder has every difference that is explained.
 */
export async function* replayLive(
  folder: string,
  isComplete: boolean,
): AsyncGenerator<{ readonly name: string; readonly result: LiveResult | undefined }> {
  const recordings = recordingsOf(folder)
  const rows = deviationRows()
  for (const { name, rows: named, replay } of AREAS) {
    const result = await replay(recordings, isComplete)
    const unknown = [...new Set(named)].filter((row) => !rows.has(row))
    const failures = unknown.map((row) => `${name}: docs/deviations.md has no row "${row}"`)
    yield {
      name,
      result: result && { ...result, failures: [...failures, ...result.failures] },
    }
  }
}
