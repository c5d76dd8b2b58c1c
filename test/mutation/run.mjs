// Changes the sources of an area in one place at a time, and counts how often a test of that area notices.
//
// usage: node test/mutation/run.mjs [--one-in N] [--seed N] [--concurrency N] [--resume] [AREA...]    by default every twentieth change, on two cores
//
// An AREA is one of `areas.json`, a package with all of its areas, or a folder or file of one: proxy, server, core/handler/guard, x509/der/reader.ts
import { existsSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { digestOf, keep, kept } from './kept-results.mjs'
import { isBelow, table } from './table.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
process.chdir(root)
/** Each area with its limit, in percent, and the packages or folders whose tests must notice. */
const areas = new Map(
  Object.entries(JSON.parse(readFileSync('test/mutation/areas.json', 'utf8')).limits).flatMap(
    ([limit, each]) => Object.entries(each).map(([name, suites]) => [name, { limit: Number(limit), suites }]),
  ),
)
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    // All of them take hours.
    'one-in': { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    concurrency: { type: 'string', default: '2' },
    resume: { type: 'boolean', default: false },
  },
})
const sample = { oneIn: Number(values['one-in']), seed: Number(values.seed) }
const chosen = positionals.length === 0 ? [...areas.keys()] : positionals.flatMap(areasOf)
const results = []
for (const name of chosen) results.push(await resultOf(name))
console.log(table(results))
// Where an area failed, processes of Stryker may be left, which would keep this one.
process.exit(results.some(isBelow) ? 1 : 0)

/** The areas that an argument means. */
function areasOf(name) {
  const within = [...areas.keys()].filter((each) => each === name || each.startsWith(`${name}/`))
  if (within.length > 0) return within
  if (areaAround(name) !== undefined && existsSync(sourcesOf(name))) return [name]
  console.error(`no such area: ${name}\nthe areas are ${[...areas.keys()].join(' ')}`)
  return process.exit(2)
}

/** The innermost area that something is a part of. */
function areaAround(name) {
  const around = [...areas.keys()].filter((each) => `${name}/`.startsWith(`${each}/`))
  return around.toSorted((one, other) => other.length - one.length)[0]
}

/** The folder, or file, of sources. */
function sourcesOf(name) {
  const [folder, ...path] = name.split('/')
  return ['packages', folder, 'src', ...path].join('/')
}

/** The result of an area: of this run, or of an earlier one of the same files. */
async function resultOf(name) {
  const { suites, limit } = areas.get(areaAround(name))
  const folders = [name, ...suites.filter((each) => each !== 'vectors')].map(sourcesOf)
  const asked = { area: name, limit, ...sample, digest: digestOf(folders) }
  const earlier = values.resume ? kept(asked) : undefined
  if (earlier !== undefined) return earlier
  try {
    const result = { ...asked, ...(await mutate(name, suites, limit)) }
    keep(result)
    return result
  } catch (error) {
    // The tests fail without a change, for example. The other areas have results all the same.
    return { ...asked, failure: error instanceof Error ? error.message : String(error) }
  }
}

async function mutate(name, suites, limit) {
  const sources = sourcesOf(name)
  const inner = [...areas.keys()].filter((each) => each.startsWith(`${name}/`))
  const left = [`${sources}/**/*.test.ts`, ...inner.map((each) => `${sourcesOf(each)}/**`)].map(
    (each) => `!${each}`,
  )
  process.env.MUTATION_SUITES = JSON.stringify(
    suites.map((each) =>
      each === 'vectors' ? 'test/mutation/vectors.mutation.ts' : `${sourcesOf(each)}/**/*.test.ts`,
    ),
  )
  const mutants = await new Stryker({
    mutate: statSync(sources).isDirectory() ? [`${sources}/**/*.ts`, ...left] : [sources],
    testRunner: 'vitest',
    checkers: sample.oneIn > 1 ? ['sample'] : [],
    sample,
    warnings: { unknownOptions: false },
    plugins: [
      fileURLToPath(import.meta.resolve('@stryker-mutator/vitest-runner')),
      fileURLToPath(new URL('sample.mjs', import.meta.url)),
      fileURLToPath(new URL('messages.mjs', import.meta.url)),
    ],
    ignorers: ['messages'],
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
    coverageAnalysis: 'perTest',
    ignoreStatic: false,
    // Half of them only sample.
    concurrency: Number(values.concurrency) * (sample.oneIn > 1 ? 2 : 1),
    reporters: ['clear-text', 'html', 'progress-append-only'],
    clearTextReporter: { logTests: false, reportTests: false, reportScoreTable: false, allowColor: false },
    htmlReporter: { fileName: `test/mutation/reports/${name.replaceAll('/', '-')}.html` },
    tempDirName: 'test/mutation/.sandbox',
    ignorePatterns: ['/examples', '/test/mutation/reports'],
    thresholds: { high: 100, low: limit, break: null },
    dryRunTimeoutMinutes: 60,
    // An infinite loop counts as noticed.
    timeoutMS: 20_000,
    timeoutFactor: 4,
  }).runMutationTest()
  const having = (...statuses) => mutants.filter(({ status }) => statuses.includes(status))
  return {
    // An error is a suite that failed before its tests.
    killed: having('Killed', 'Timeout', 'RuntimeError').length,
    open: having('Survived', 'NoCoverage').map(placeOf),
  }
}

function placeOf({ fileName, location, mutatorName }) {
  const place = fileName.slice(fileName.lastIndexOf('packages/'))
  return `${place}:${location.start.line}:${location.start.column} ${mutatorName}`
}
