import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { simulateCommand } from './command.ts'
import { planted } from './planted.ts'

const document = readFileSync(fileURLToPath(new URL('../../../docs/reliability.md', import.meta.url)), 'utf8')
/** The lines of the record: each names a seed and a planted fault, which repeats the defect. */
const record = [...document.matchAll(/^\| (\d+) +\| `([^`]+)`/gm)].map(([, seed = '', name = '']) => ({
  seed,
  name,
}))

it('has the first defects, each with a seed and as a planted fault', () => {
  expect(record.length).toBeGreaterThanOrEqual(6)
  expect(record.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'a creation is undone when a read fails after it',
      'ends objects by the clock of a replica',
    ]),
  )
  const known = new Set(planted.map(({ name }) => name))
  expect(record.filter(({ name }) => !known.has(name))).toEqual([])
})

it.concurrent.each(record)(
  'seed $seed repeats the defect, and finds nothing without it: $name',
  async ({ seed, name }) => {
    const minutes = ['--minutes', '10'] as const
    const [found, mended] = await Promise.all([
      simulateCommand('--from', seed, '--hours', '0', '--plant', name, ...minutes),
      simulateCommand('--from', seed, '--hours', '0', ...minutes),
    ])
    const [, invariant] = /^violated: (\w+): /m.exec(found) ?? [undefined, found]
    expect(planted.find((each) => each.name === name)?.violates).toContain(invariant)
    expect(mended).toContain('1 passed, 0 failed')
  },
)
