// Runs clients against three replicas of a store under faults, and checks that what they saw is one history; see history/. Run after a build, as root on Debian.
//
// usage: node test/interop/history.mjs [--runs 20] [--seconds 60] [--seed 1] [--engine postgres|etcd|sqlite]
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    engine: { type: 'string', default: '' },
  },
})
const { resolve } = createRequire(import.meta.url)
const vitest = join(dirname(resolve('vitest/package.json')), 'vitest.mjs')
const config = fileURLToPath(new URL('vitest.config.ts', import.meta.url))
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--config', config, 'history/history.interop.ts'],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      HISTORY_RUNS: values.runs,
      HISTORY_SECONDS: values.seconds,
      HISTORY_SEED: values.seed,
      HISTORY_ENGINE: values.engine,
    },
  },
)
process.exitCode = status ?? 1
