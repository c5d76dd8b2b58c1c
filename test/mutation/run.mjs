// Changes the sources of an area of the core in one place at a time, and counts how often one of its tests notices.
//
// usage: node test/mutation/run.mjs [--one-in N] [--seed N] [AREA...]    an area is impersonation, or handler/challenges.ts
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'

/** Areas where an unnoticed change may grant access. */
const AREAS = ['impersonation', 'authorization', 'token/cache', 'handler']
const MIN_SCORE = 90

const root = fileURLToPath(new URL('../..', import.meta.url))
process.chdir(root)
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    // All of them take an hour on a small machine.
    'one-in': { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    concurrency: { type: 'string', default: '2' },
  },
})
const sample = { oneIn: Number(values['one-in']), seed: Number(values.seed) }
const areas = positionals.length > 0 ? positionals : AREAS
const unknown = areas.filter((area) => !existsSync(`packages/core/src/${area}`))
if (unknown.length > 0) {
  console.error(`not in packages/core/src: ${unknown.join(', ')}`)
  process.exit(2)
}

const lines = []
for (const area of areas) {
  const path = `packages/core/src/${area}`
  const mutate = statSync(path).isDirectory() ? [`${path}/**/*.ts`, `!${path}/**/*.test.ts`] : [path]
  const results = await new Stryker({
    mutate,
    testRunner: 'vitest',
    checkers: sample.oneIn > 1 ? ['sample'] : [],
    sample,
    warnings: { unknownOptions: false },
    plugins: [
      fileURLToPath(import.meta.resolve('@stryker-mutator/vitest-runner')),
      fileURLToPath(new URL('sample.mjs', import.meta.url)),
    ],
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: true },
    coverageAnalysis: 'perTest',
    ignoreStatic: false,
    concurrency: Number(values.concurrency),
    reporters: ['clear-text', 'html', 'progress-append-only'],
    clearTextReporter: { logTests: false, reportTests: false, reportScoreTable: false, allowColor: false },
    htmlReporter: { fileName: `test/mutation/reports/${area.replaceAll('/', '-')}.html` },
    tempDirName: 'test/mutation/.sandbox',
    ignorePatterns: ['/examples', '/docs', '/test/mutation/reports', '/packages/!(core)/src'],
    thresholds: { high: 100, low: MIN_SCORE, break: null },
    dryRunTimeoutMinutes: 60,
    // An infinite loop counts as noticed.
    timeoutMS: 20_000,
    timeoutFactor: 4,
  }).runMutationTest()
  const count = (...statuses) => results.filter(({ status }) => statuses.includes(status)).length
  const noticed = count('Killed', 'Timeout')
  const valid = noticed + count('Survived', 'NoCoverage')
  const score = (100 * noticed) / valid
  if (score < MIN_SCORE) process.exitCode = 1
  lines.push(`${area}: ${noticed} of ${valid} changes noticed, ${score.toFixed(1)} %`)
}
for (const line of lines) console.log(line)
