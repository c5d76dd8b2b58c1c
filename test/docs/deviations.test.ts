import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { filesBelow } from '../files.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const lines: readonly string[] = readFileSync(join(root, 'docs/deviations.md'), 'utf8').split('\n')

/** A row of a table, without the rows above the first deviation of each. */
function isRow(line: string): boolean {
  return line.startsWith('|') && !/^\|(?: name +\||[ |-]+$)/.test(line)
}

/** The names in the first column of the tables. */
function documented(): readonly string[] {
  return lines.filter(isRow).map((row) =>
    (row.split('|')[1] ?? '')
      .replace(/<a id="[^"]*"><\/a>/, '')
      .replace(/\([*_]more[*_]\)/, '')
      .trim(),
  )
}

/** As GitHub makes the anchor of a heading. */
function anchorOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-')
}

/** The names in `Deviation:` comments of the code. */
function referredTo(): readonly string[] {
  const files = filesBelow(join(root, 'packages')).filter((path) =>
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
  expect([...new Set(referredTo())].toSorted()).toEqual(documented().toSorted())
})

it('has an anchor for every row, which is its name', () => {
  const anchors = lines.filter(isRow).map((row) => /^\| <a id="([^"]*)"><\/a>/.exec(row)?.[1])
  expect(anchors).toEqual(documented().map(anchorOf))
})

it('has no anchor that a heading has', () => {
  const headings = lines.filter((line) => line.startsWith('#')).map((line) => line.replace(/^#+ /, ''))
  const rows = new Set(documented().map(anchorOf))
  expect(headings.filter((heading) => rows.has(anchorOf(heading)))).toEqual([])
})
it('begins with a list of its sections', () => {
  const sections = lines.filter((line) => line.startsWith('## ')).map((line) => line.slice(3))
  const listed = lines.flatMap((line) => /^- \[([^\]]*)\]\(#/.exec(line)?.[1] ?? [])
  expect(listed).toEqual(sections)
})
