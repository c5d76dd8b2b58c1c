import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { filesBelow } from '../../files.ts'
import { simulateCommand } from './command.ts'
import { type Planted, planted } from './planted.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const sources = ['core', 'login', 'node', 'server', 'store']
  .map((name) => join(root, 'packages', name, 'dist'))
  .flatMap((folder) => filesBelow(folder).map((file) => join(folder, file)))
  .filter((file) => file.endsWith('.js'))
  .map((file) => readFileSync(file, 'utf8'))

/** One of each kind. The others are looked for with `npm run simulate -- --planted`. */
const LOOKED_FOR = [
  'takes an outage for an absence',
  'an update is made whatever version it names',
  'a follower skips deletions',
  'one connection of a user ends, and the others stay',
  'a session is refreshed without a turn',
]
/** How many hours of replicas may pass before one of them is found: some seconds of CPU. */
const HOURS = '6'

it('has 100 planted faults, each with a name of its own', () => {
  expect(new Set(planted.map(({ name }) => name)).size).toBe(planted.length)
  expect(planted.length).toBeGreaterThanOrEqual(100)
  expect(planted.map(({ name }) => name)).toEqual(expect.arrayContaining(LOOKED_FOR))
})

it.each(planted.filter((each) => 'replaced' in each))('$name: it fits the build', ({ replaced }) => {
  for (const [from] of replaced) {
    expect([from, sources.reduce((sum, source) => sum + source.split(from).length - 1, 0)]).toEqual([from, 1])
  }
})

it.concurrent.each<Planted>(LOOKED_FOR.flatMap((name) => planted.filter((each) => each.name === name)))(
  '$name: it is found',
  async ({ name, violates }) => {
    const output = await simulateCommand('--plant', name, '--from', '1', '--hours', HOURS)
    const [, invariant] = /^violated: (\w+): /m.exec(output) ?? [undefined, output]
    expect(violates).toContain(invariant)
  },
)

it('finds nothing where nothing is planted, and refuses what it does not know', async () => {
  expect(await simulateCommand('--from', '1', '--hours', '3')).toMatch(
    /^seeds 1 to 1: 3\.0 hours.*\n1 passed, 0 failed\n$/,
  )
  expect(await simulateCommand('--plant', 'unknown')).toMatch(/planted/)
  expect(await simulateCommand('--hours', 'x')).toMatch(/number/)
})
