import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The names of the rows of `docs/deviations.md`. */
export function deviationRows(): ReadonlySet<string> {
  const path = fileURLToPath(new URL('../../../../docs/deviations.md', import.meta.url))
  return new Set(
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(2)
      .map((row) => (row.split('|')[1] ?? '').replace(/\([*_]more[*_]\)/, '').trim()),
  )
}
