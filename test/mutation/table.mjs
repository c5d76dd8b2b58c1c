// The table at the end of a mutation run, and the changes that no test noticed.

/** Whether an area fails the run. */
export function isBelow(result) {
  return result.failure !== undefined || scoreOf(result) < result.limit
}

export function table(results) {
  const rows = [['area', 'mutants', 'killed', 'score', 'limit', 'open survivors'], ...results.map(rowOf)]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  )
  const open = results.flatMap((result) => result.open ?? [])
  return [...(open.length === 0 ? [] : ['open survivors:', ...open, '']), ...lines].join('\n')
}

function rowOf(result) {
  const { area, limit, failure } = result
  if (failure !== undefined) return [area, '-', '-', '-', `${limit} %`, `failed: ${failure}`]
  const { killed, open } = result
  const score = scoreOf(result)
  return [
    area,
    `${killed + open.length}`,
    `${killed}`,
    score === undefined ? '-' : `${score.toFixed(1)} %`,
    `${limit} %`,
    `${open.length}${isBelow(result) ? '  below' : ''}`,
  ]
}

/** In percent; `undefined` where the sample has no change, as for a small file. */
function scoreOf({ killed, open }) {
  const mutants = killed + open.length
  return mutants === 0 ? undefined : (100 * killed) / mutants
}
