import type { AnyExplanation } from './live-area.ts'

/** Problems of explanations: unused ones, and ones without a row in `docs/deviations.md`. */
export function explanationProblems(
  all: ReadonlySet<AnyExplanation>,
  used: ReadonlySet<AnyExplanation>,
  rows: ReadonlySet<string>,
): readonly string[] {
  return [...all].flatMap((explanation) => {
    const { row, explains, about = String(explains) } = explanation
    if (!rows.has(row)) return [`docs/deviations.md has no row "${row}"`]
    return used.has(explanation) ? [] : [`nothing differs any more by the row "${row}": ${about}`]
  })
}
