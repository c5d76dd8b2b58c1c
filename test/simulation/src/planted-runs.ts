import { execFile } from 'node:child_process'
import { type Planted, planted } from './planted.ts'

/** How one is looked for. */
export interface PlantedSearch {
  /** What `node` runs. */
  readonly program: string
  readonly from: number
  /** How many hours of replicas may pass before it is found. */
  readonly hours: number
}

/** What became of one. */
interface Outcome {
  /** Whether it was found by an invariant that it may violate. */
  readonly isFound: boolean
  /** Whether it was found by another one. */
  readonly isUnexpected: boolean
  readonly cpuSeconds: number
  readonly line: string
}

/** The part of them that must be found. */
const NEEDED = 0.95
const AT_ONCE = 2
/** A fault that lets a process run on for ever is stopped. */
const LONGEST_MS = 600_000

/** Looks for all of them, and prints what became of each. @returns the exit code. */
export async function searchPlanted(search: PlantedSearch): Promise<number> {
  const waiting = [...planted]
  const outcomes: Outcome[] = []
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const outcome = await outcomeOf(next, search)
      outcomes.push(outcome)
      console.log(outcome.line)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const found = outcomes.filter(({ isFound }) => isFound).length
  const cpuSeconds = outcomes.reduce((sum, each) => sum + each.cpuSeconds, 0)
  console.log(`${found} of ${planted.length} planted faults found, ${Math.round(cpuSeconds)} s of CPU`)
  console.log(`${found} passed, ${planted.length - found} failed`)
  const isEnough = found >= NEEDED * planted.length && !outcomes.some(({ isUnexpected }) => isUnexpected)
  return isEnough ? 0 : 1
}

/** Looks for one, in a process of its own. */
async function outcomeOf({ name, violates }: Planted, search: PlantedSearch): Promise<Outcome> {
  const output = await outputOf(name, search)
  const [, seed, hours, seconds = '0'] =
    /^seeds \d+ to (\d+): ([\d.]+) hours of replicas, \d+ steps, ([\d.]+) s of CPU$/m.exec(output) ?? []
  const invariant = /^violated: (\w+): /m.exec(output)?.[1]
  const cpuSeconds = Number(seconds)
  const unfound = { isFound: false, cpuSeconds }
  if (invariant === undefined) {
    // What could not be loaded says why.
    const why = seed === undefined ? `: ${output.trim().slice(0, 200)}` : ` in ${hours} hours of replicas`
    return { ...unfound, isUnexpected: false, line: `${name}: not found${why}` }
  }
  const isListed = violates.some((each) => each === invariant)
  const note = isListed ? '' : `, and should by ${violates.join(' or ')}`
  const line = `${name}: found by ${invariant} with seed ${seed} after ${hours} hours of replicas${note}`
  return { isFound: isListed, isUnexpected: !isListed, cpuSeconds, line }
}

function outputOf(name: string, { program, from, hours }: PlantedSearch): Promise<string> {
  const args = [program, '--plant', name, '--from', String(from), '--hours', String(hours)]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: LONGEST_MS }, (_error, stdout, stderr) =>
      resolve(`${stdout}${stderr}`),
    )
  })
}
