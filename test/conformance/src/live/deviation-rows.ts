import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The names of the rows of `docs/deviations.md`: each begins with an anchor, as `test/docs` checks. */
export function deviationRows(): ReadonlySet<string> {
  const path = fileURLToPath(new URL('../../../../docs/deviations.md', import.meta.url))
  const rows = readFileSync(path, 'utf8').matchAll(/^\| <a id="[^"]*"><\/a>([^|]*)\|/gm)
  return new Set([...rows].map(([, name = '']) => name.replace(/\([*_]more[*_]\)/, '').trim()))
}
