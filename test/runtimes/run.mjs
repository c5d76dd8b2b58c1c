// Runs the portable suite on every runtime, also over real connections; then the checks of client certificates, files and connections on runtimes
// with Node's modules. Every check of the suite must run everywhere; lib/cannot.mjs lists unsupported features. The scripts that start runtimes
// themselves run last.
//
// usage: node test/runtimes/run.mjs [PART OF A RUNTIME'S NAME]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCredentials } from './lib/credentials.mjs'
import { reporter } from './lib/report.mjs'
import { countsOf, scriptResults, suiteResults } from './lib/results.mjs'
import { RUNTIMES } from './lib/runtimes.mjs'

const SCRIPTS = {
  'examples/hono-edge': { file: 'hono-edge.mjs', needs: ['workerd', 'deno', 'bun'] },
  'what ends with a request': { file: 'ending-requests.mjs', needs: ['workerd'] },
}

const report = reporter()
const credentials = await makeCredentials()
const work = [
  ...Object.entries(RUNTIMES).map(([name, runtime]) => ({
    name,
    run: () => onRuntime(runtime),
    tell: (results) => report.ran(name, results),
  })),
  ...Object.entries(SCRIPTS).map(([name, script]) => ({
    name,
    run: () => countsOf(script),
    tell: (counts) => report.counted(name, counts),
  })),
]
const wanted = (process.argv[2] ?? '').toLowerCase()
const chosen = work.filter(({ name }) => name.toLowerCase().includes(wanted))
if (chosen.length === 0)
  throw new Error(`nothing is called so; there are ${work.map(({ name }) => name).join(', ')}`)

// Two at a time: while one waits, the other uses the processor. The last ones wait most.
const pending = chosen.toReversed().values()
await Promise.all([workThrough(), workThrough()])

for (const { name, tell, outcome } of chosen) {
  if (outcome.error === undefined) tell(outcome)
  else report.broken(name, outcome.error)
}
report.end({ isWhole: chosen.length === work.length })
process.exit(report.total.failed === 0 && report.total.passed > 0 ? 0 : 1)

async function workThrough() {
  for (const each of pending) {
    const start = performance.now()
    const outcome = await each.run().catch((error) => ({ error }))
    each.outcome = { ...outcome, seconds: (performance.now() - start) / 1000 }
  }
}

async function onRuntime(runtime) {
  const scratch = mkdtempSync(join(tmpdir(), 'kube-authn-runtimes-'))
  try {
    const suite = await suiteResults(runtime, { scratch, credentials })
    return { suite, more: await scriptResults(runtime) }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
