// Benchmarks kube-authn against common alternatives, as a table:
//
//   pnpm bench [PART OF A ROW'S NAME] [--rounds N] [--seconds N]
//   pnpm bench --beside CHECKOUT   also the packages of another checkout, which must be built
//   pnpm bench --check             no times: checks every response, and that allocations stay within the budget
//   pnpm bench --soak MINUTES      mixed traffic for a while; see soak.mjs
//
// Subjects of a row take turns, each in a separate process, so that other load on the machine affects all of them.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runScript, startScript } from './lib/child.mjs'
import { load, loadGenerator } from './lib/load.mjs'
import { expectStatus, median } from './lib/measure.mjs'
import { openNetwork } from './lib/network.mjs'
import { statusOf } from './lib/row.mjs'
import { rows } from './rows/index.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    beside: { type: 'string' },
    rounds: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '2' },
    soak: { type: 'string' },
  },
})
const [wanted = ''] = positionals
const chosen = rows.filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase()))
if (chosen.length === 0)
  throw new Error(`no row is called ${wanted}; there is ${rows.map(({ name }) => name).join(', ')}`)

/**
 * From what survives the first collections V8 decides which objects of a request it creates among the old ones at once. What those refer to then
 * survives too, so that one process in two takes three times as long as the others, with the same code. Without such decisions all processes agree.
 */
const STEADY = ['--no-allocation-site-pretenuring']

const network = chosen.some(({ kind }) => kind === 'http') && !values.check ? openNetwork() : undefined

if (values.soak !== undefined) soak(values.soak)
else if (values.check) await checkAll()
else await measureAll()

function soak(minutes) {
  const script = fileURLToPath(new URL('soak.mjs', import.meta.url))
  const flags = ['--expose-gc', '--no-deprecation']
  process.exitCode =
    spawnSync(process.execPath, [...flags, script, minutes], { stdio: 'inherit' }).status ?? 1
}

async function measureAll() {
  const { stdout: version } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' })
  const about = [
    `Node ${process.version}`,
    cpus()[0]?.model ?? 'unknown processor',
    `load ${loadavg()[0].toFixed(1)}`,
    ...(network === undefined ? [] : [`${loadGenerator} with ${network.title}`]),
    `at ${version.trim()}`,
    ...(values.beside === undefined ? [] : [`beside ${values.beside}`]),
  ]
  print(`${about.join(', ')}\n`)
  print('| row | unit | kube-authn | spread | before | now / before | best peer | target | met |')
  print('| --- | --- | --- | --- | --- | --- | --- | --- | --- |')
  // One row after the other: they would disturb each other.
  for (const row of chosen) print(lineOf(row, await measureRow(row)))
}

/** The subjects of a row by their names, with those of the other checkout. */
function subjectsOf(row) {
  return Object.entries(row.subjects).flatMap(([name, { role }]) => [
    { key: role, name, checkout: undefined },
    ...(role === 'ours' && values.beside !== undefined
      ? [{ key: 'before', name, checkout: values.beside }]
      : []),
  ])
}

/** What each subject measured, in every round. */
async function measureRow(row) {
  const subjects = subjectsOf(row).map((subject) => ({ ...subject, results: [] }))
  // Values that a subject measures itself may take long.
  const rounds = row.figure === undefined ? 1 : Number(values.rounds)
  for (let round = 0; round < rounds; round++) {
    for (const { name, checkout, results } of subjects) results.push(await measureOnce(row, name, checkout))
  }
  return subjects
}

async function measureOnce(row, subject, checkout) {
  try {
    if (row.kind === 'http') return await requestsPerSecond(row.name, subject, checkout)
    if (row.kind === 'value') {
      const flags = ['--expose-gc', '--max-old-space-size=8000']
      return runScript('one.mjs', [row.name, subject], flags, checkout).value
    }
    const { wall, cpu } = runScript('one.mjs', [row.name, subject, 'time'], STEADY, checkout)
    // Other processes on the machine only add, to the wall time alone if they run on the same core.
    return Math.min(...wall, ...cpu)
  } catch (error) {
    // The other checkout may have other names.
    if (checkout === undefined) throw error
    process.stderr.write(`${row.name}, before: ${String(error.message).slice(0, 300)}\n`)
    return Number.NaN
  }
}

async function requestsPerSecond(row, subject, checkout) {
  const { told, end } = await startScript('serve.mjs', [row, subject, network.host], checkout)
  try {
    load(told.url, told.header, 1, network.client)
    return load(told.url, told.header, Number(values.seconds), network.client).requestsPerSecond
  } finally {
    await end()
  }
}

function lineOf(row, subjects) {
  const figureOf = row.figure === 'least' ? (results) => Math.min(...results) : median
  const bases = subjects.find(({ key }) => key === 'base')?.results
  const compared = ({ results }) => {
    if (bases === undefined) return results
    // Over HTTP, in the same round as its base: other load on the machine is the same for both.
    return row.kind === 'http'
      ? results.map((value, round) => value / bases[round])
      : results.map((value) => Math.max(0, value - figureOf(bases)))
  }
  const isMoreBetter = row.isMoreBetter === true
  const ours = compared(subjects.find(({ key }) => key === 'ours'))
  const before = subjects.find(({ key }) => key === 'before')
  const [bestPeer] = subjects
    .filter(({ key }) => key === 'peer')
    .map((subject) => ({ name: subject.name, value: figureOf(compared(subject)) }))
    .toSorted((a, b) => (isMoreBetter ? b.value - a.value : a.value - b.value))
  const figure = figureOf(ours)
  const target = row.target === 'best peer' ? bestPeer.value : row.target
  const isMet = isMoreBetter ? figure >= target : figure <= target
  const cells = [
    row.name,
    row.unit,
    shown(figure),
    `${shown(Math.min(...ours))} to ${shown(Math.max(...ours))}`,
    before === undefined ? '' : shown(figureOf(compared(before))),
    before === undefined ? '' : shown(ratio(row, ours, compared(before), figureOf)),
    bestPeer === undefined ? '' : `${shown(bestPeer.value)} ${bestPeer.name}`,
    target === undefined ? '' : row.target === 'best peer' ? row.target : String(row.target),
    target === undefined ? '' : isMet ? 'yes' : 'no',
  ]
  return `| ${cells.join(' | ')} |`
}

/** Over HTTP the median of the rounds. */
function ratio(row, ours, before, figureOf) {
  return row.kind === 'http'
    ? median(ours.map((value, round) => value / before[round]))
    : figureOf(ours) / figureOf(before)
}

async function checkAll() {
  const budgets = JSON.parse(readFileSync(new URL('budgets.json', import.meta.url), 'utf8'))
  let passed = 0
  let failed = 0
  const told = (name, problem) => {
    if (problem === undefined) passed++
    else {
      failed++
      print(`${name}: ${problem}`)
    }
  }
  for (const row of chosen.filter(({ kind }) => kind === 'operation')) {
    for (const [subject, { role }] of Object.entries(row.subjects)) {
      const name = `${row.name} / ${subject}`
      try {
        // All in this process: correctness does not depend on what ran before.
        await expectStatus(await row.subjects[subject].make(), statusOf(row, subject))
        told(name)
      } catch (error) {
        told(name, error.message)
      }
      const budget = role === 'ours' ? budgets[name] : undefined
      if (budget !== undefined) told(`${name}, bytes`, problemOfBytes(row, subject, budget))
    }
  }
  print(`${passed} passed, ${failed} failed`)
  // Servers of the rows are still there.
  process.exit(failed > 0 ? 1 : 0)
}

/** The bytes of the operation that does nothing do not count. */
function problemOfBytes(row, subject, budget) {
  const limit = budget * 1.15
  const [base] = Object.entries(row.subjects).find(([, { role }]) => role === 'base') ?? []
  const baseBytes = base === undefined ? 0 : bytesOf(row.name, base)
  let bytes = Infinity
  // Other work of a process, such as compiling again, only adds to the allocations of requests.
  for (let attempt = 0; attempt < 3 && bytes > limit; attempt++) {
    bytes = Math.min(bytes, bytesOf(row.name, subject) - baseBytes)
  }
  return bytes <= limit
    ? undefined
    : `allocates ${Math.round(bytes)} bytes, and ${budget} with 15 % in reserve are allowed`
}

function shown(value) {
  if (Number.isNaN(value)) return '-'
  if (value >= 100) return value.toFixed(0)
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

function print(line) {
  process.stdout.write(`${line}\n`)
}

function bytesOf(row, subject) {
  const flags = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256']
  return runScript('one.mjs', [row, subject, 'bytes'], flags).bytes
}
