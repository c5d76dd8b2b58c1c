import type { Difference } from '../difference.ts'
import { type AnyExplanation, type Explanation, type LiveResult, shown } from '../live-area.ts'
import { lineDifferences } from './line-differences.ts'
import type { RecordedLine, ServerAnswer } from './recorded-line.ts'
import type { ReplayedLine } from './replay-lines.ts'
import { unequalObjects } from './unequal-objects.ts'

/** What explanations of the API server may look at, besides the difference. */
export interface AskedServer {
  readonly line: RecordedLine
  readonly there: ServerAnswer
  readonly here: ServerAnswer
}

export type ServerExplanation = Explanation<AskedServer>

/**
 * Explains the differences of requests that share their objects. What is left unequal by an explained difference explains what later requests see of these objects.
 */
export function explainSequence(
  sequence: readonly ReplayedLine[],
  explanations: readonly ServerExplanation[],
): LiveResult {
  const unequal = unequalObjects()
  const failures: string[] = []
  const explained = new Map<string, number>()
  const used = new Set<AnyExplanation>()
  let passed = 0
  for (const { line, here } of sequence) {
    const asked = { line, there: line.real, here }
    const differences = lineDifferences(line.real, here).filter((each) => !varies(each, line))
    const rows = new Set<string>()
    const unexplained: Difference[] = []
    for (const difference of differences) {
      const explanation = explanations.find(({ explains }) => explains(difference, asked))
      const row = explanation?.row ?? unequal.rowFor(difference, line)
      if (explanation !== undefined) used.add(explanation)
      if (row === undefined) unexplained.push(difference)
      else rows.add(row)
    }
    const [row] = rows
    if (unexplained.length > 0) failures.push(failure(line, unexplained))
    else passed++
    unequal.note(asked, unexplained.length === 0 ? row : undefined)
    for (const each of rows) explained.set(each, (explained.get(each) ?? 0) + 1)
  }
  return { passed, failures, explained, used }
}

function failure({ id, method, path }: RecordedLine, differences: readonly Difference[]): string {
  return `live-server ${id} ${method} ${path}: ${differences.map(shown).join('; ')}`
}

/** Whether a second recording had another answer at this place, too. */
function varies({ at }: Difference, { varies: places = [] }: RecordedLine): boolean {
  return places.some((place) => at === place || at.startsWith(place.replace(/\.length$/, '')))
}
