import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The names in the first column of the table. */
function documented(): readonly string[] {
  const rows = readFileSync(join(root, 'docs/deviations.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
  return rows.slice(2).map((row) => (row.split('|')[1] ?? '').replace(/\([*_]more[*_]\)/, '').trim())
}

/** The names in `Deviation:` comments of the code. */
function referredTo(): readonly string[] {
  const files = readdirSync(join(root, 'packages'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    /^[^/]+\/src\/.*(?<!\.test)\.ts$/.test(path),
  )
  return files.flatMap((path) => {
    const code = readFileSync(join(root, 'packages', path), 'utf8').replaceAll(/\n\s*(\*|\/\/) ?/g, ' ')
    return [...code.matchAll(/`docs\/deviations\.md`, ([^)]+)\)/g)].flatMap(([, names = '']) =>
      names.split('; '),
    )
  })
}

it('has a row for every deviation in the code, and a place in the code for every row', () => {
  expect([...new Set(referredTo())].toSorted()).toEqual([...new Set(documented())].toSorted())
})
