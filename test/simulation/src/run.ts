// Simulates replicas: `npm run simulate -- --seed N` tells the story of a seed, `--hours N` takes new seeds for that many hours of replicas, and `--planted` looks for every planted fault.
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { planted } from './planted.ts'
import { searchPlanted } from './planted-runs.ts'
import type { simulate } from './simulation.ts'
import { INVARIANTS } from './violation.ts'

const REPLICAS = 3
const HOUR_MS = 3_600_000

const { values } = parseArgs({
  options: {
    /** Tells the story of this seed. */
    seed: { type: 'string' },
    /** Hours of replicas. */
    hours: { type: 'string', default: '40' },
    /** The first of the seeds. Default: one that was not taken before, and 1 with `--planted`. */
    from: { type: 'string' },
    /** Minutes of each seed. */
    minutes: { type: 'string', default: '60' },
    /** Plants a fault first. */
    plant: { type: 'string' },
    /** Looks for every planted fault, each for these hours at most. */
    planted: { type: 'boolean', default: false },
  },
})
const { from: first = values.planted ? '1' : String(Date.now()) } = values
const numbers = [values.seed ?? '0', values.hours, first, values.minutes].map(Number)
const [seed = 0, hours = 0, from = 0, minutes = 0] = numbers
const plant = planted.find(({ name }) => name === values.plant)
if (
  !numbers.every((each) => each >= 0) ||
  minutes === 0 ||
  (values.plant !== undefined && plant === undefined)
) {
  console.error(
    `a number is wrong, or the planted fault is none of ${planted.map(({ name }) => name).join(', ')}`,
  )
  process.exit(2)
}

if (plant !== undefined && 'replaced' in plant)
  register('./patched-sources.js', import.meta.url, { data: plant.replaced })
// After the planted fault, which may be in what it imports.
const simulation: { readonly simulate: typeof simulate } = await import('./simulation.ts')
const spoil = plant !== undefined && 'spoil' in plant ? plant.spoil : undefined
process.exitCode = values.planted
  ? await searchPlanted({ program: fileURLToPath(import.meta.url), from, hours })
  : values.seed === undefined
    ? await search()
    : await story()

/** Tells what happens with one seed. */
async function story(): Promise<number> {
  const { violation, counts } = await simulation.simulate({
    seed,
    minutes,
    spoil,
    tell: (line) => console.log(line),
  })
  const sums = [...counts]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, sum]) => `${name}: ${sum}`)
  console.log(`${sums.join(', ')}\n${violation === undefined ? '1 passed, 0 failed' : '0 passed, 1 failed'}`)
  return violation === undefined ? 0 : 1
}

/** Takes seeds until enough was simulated, or one violates an invariant. */
async function search(): Promise<number> {
  const { user: beganUs } = process.cpuUsage()
  let simulatedMs = 0
  let steps = 0
  for (let next = from; ; next++) {
    const found = await simulation.simulate({ seed: next, minutes, spoil })
    simulatedMs += REPLICAS * found.simulatedMs
    steps += found.steps
    const isEnough = simulatedMs >= hours * HOUR_MS
    if (found.violation === undefined && !isEnough) continue
    const seconds = ((process.cpuUsage().user - beganUs) / 1e6).toFixed(1)
    console.log(
      `seeds ${from} to ${next}: ${(simulatedMs / HOUR_MS).toFixed(1)} hours of replicas, ${steps} steps, ${seconds} s of CPU`,
    )
    if (found.violation === undefined) {
      console.log('1 passed, 0 failed')
      return 0
    }
    const { invariant, what } = found.violation
    console.log(`violated: ${invariant}: ${INVARIANTS[invariant]}`)
    console.log(
      `${what}\nto repeat it: npm run simulate -- --seed ${next}${plant ? ` --plant '${plant.name}'` : ''}`,
    )
    console.log('0 passed, 1 failed')
    return 1
  }
}
