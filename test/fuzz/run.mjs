// Feeds mutated input to the built packages and reports the outcomes. The same seed gives the same cases, except for RSA keys and the random part of
// ECDSA signatures; a finding is printed with its complete input.
//
// usage: node test/fuzz/run.mjs [--seed N] [--runs N] [--target NAME] [--only INDEX]
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { Finding } from './lib/finding.mjs'
import { seeded } from './lib/random.mjs'

const TARGETS = [
  'certificates',
  'chains',
  'certificate-headers',
  'identity-headers',
  'impersonation-headers',
  'request-targets',
  'tokens',
  'proofs',
  'expressions',
  'review-bodies',
]
/** CPU time, so that other load on the machine does not matter. */
const MAX_CASE_MS = 1000
const MAX_FINDINGS = 10

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '2000' },
    target: { type: 'string' },
    only: { type: 'string' },
  },
})
const runs = Number(values.runs)
const chosenNames = TARGETS.filter((name) => values.target === undefined || name === values.target)
if (chosenNames.length === 0 || !Number.isSafeInteger(runs) || runs < 1) {
  console.error(`unknown target or number of runs; targets: ${TARGETS.join(', ')}`)
  process.exit(2)
}
const chosen = await Promise.all(chosenNames.map((name) => import(`./targets/${name}.mjs`)))

// A hanging case keeps this thread from reporting it.
const progress = new Int32Array(new SharedArrayBuffer(8))
const watchdog = new Worker(new URL('lib/watchdog.mjs', import.meta.url), {
  workerData: { progress, names: chosenNames, seed: values.seed },
})
watchdog.unref()

let passed = 0
let failed = 0
for (const [number, target] of chosen.entries()) {
  const outcomes = new Map()
  const start = performance.now()
  let slowestMs = 0
  let findings = 0
  const [from, to] = values.only === undefined ? [0, runs] : [Number(values.only), Number(values.only) + 1]
  for (let index = from; index < to && findings < MAX_FINDINGS; index++) {
    progress[0] = number
    Atomics.store(progress, 1, index)
    let tookMs = await tryCase(target, index)
    // The engine may have been compiling or collecting garbage.
    if (tookMs > MAX_CASE_MS) tookMs = await tryCase(target, index)
    if (tookMs > MAX_CASE_MS) found(index, `took ${tookMs.toFixed(0)} ms`)
    slowestMs = Math.max(slowestMs, tookMs)
  }

  async function tryCase({ name, run }, index) {
    const before = process.cpuUsage()
    try {
      const outcome = await run(seeded(`${values.seed}/${name}/${index}`))
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    } catch (error) {
      found(index, error instanceof Finding ? error.message : `a crash: ${error?.stack}`)
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }

  function found(index, what) {
    findings++
    console.log(`FAILED  ${target.name} --seed ${values.seed} --only ${index}: ${what}`)
  }

  // A target that accepts nothing, or everything, was not really tested.
  const names = [...outcomes.keys()]
  for (const word of values.only === undefined ? ['accepted', 'refused'] : []) {
    if (names.some((each) => each.startsWith(word))) continue
    findings++
    console.log(`FAILED  ${target.name}: nothing was ${word}`)
  }
  if (findings === 0) passed++
  else failed++
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const counts = [...outcomes.keys()]
    .toSorted((a, b) => a.localeCompare(b))
    .map((each) => `${outcomes.get(each)} ${each}`)
  console.log(
    `${target.name}: ${to - from} cases in ${seconds} s, slowest ${slowestMs.toFixed(0)} ms: ${counts.join('; ')}`,
  )
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
