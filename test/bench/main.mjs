// Benchmarks kube-authn against common alternatives and hand-written lower bounds:
//
//   pnpm bench [PART OF A ROW'S NAME] [--rounds N] [--seconds N] times, as a table pnpm bench --soak MINUTES mixed traffic for a while; see soak.mjs
//   pnpm bench --check checks every response, and that allocations stay within the budget
//
// Subjects of a row take turns, each in a separate process, so that other load on the machine affects all of them.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runScript, startScript } from './lib/child.mjs'
import { load, loadGenerator } from './lib/load.mjs'
import { expectStatus, median } from './lib/measure.mjs'
import { statusOf } from './lib/row.mjs'
import { rows } from './rows/index.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
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
  print(
    `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${loadGenerator}, at ${version.trim()}\n`,
  )
  print('| row | unit | kube-authn | spread | best peer | floor | target | met |')
  print('| --- | --- | --- | --- | --- | --- | --- | --- |')
  for (const row of chosen) {
    // One row after the other: they would disturb each other.
    for (const line of linesOf(row, await measureRow(row))) print(line)
  }
}

/** What each subject measured, in every round. */
async function measureRow(row) {
  const measured = new Map(Object.keys(row.subjects).map((name) => [name, []]))
  // Values that a subject measures itself may take long.
  const rounds = row.figure === undefined ? 1 : Number(values.rounds)
  for (let round = 0; round < rounds; round++) {
    for (const [subject, results] of measured) {
      results.push(await measureOnce(row, subject))
    }
  }
  return measured
}

async function measureOnce(row, subject) {
  if (row.kind === 'http') return requestsPerSecond(row.name, subject)
  if (row.kind === 'value')
    return runScript('one.mjs', [row.name, subject], ['--expose-gc', '--max-old-space-size=8000']).value
  const { wall, cpu } = runScript('one.mjs', [row.name, subject, 'time'], STEADY)
  // What else runs on the machine only adds, to the wall time alone if it runs on the same core.
  return Math.min(...wall, ...cpu)
}

async function requestsPerSecond(row, subject) {
  const { told, end } = await startScript('serve.mjs', [row, subject])
  try {
    load(told.url, told.authorization, 2)
    return load(told.url, told.authorization, Number(values.seconds)).requestsPerSecond
  } finally {
    await end()
  }
}

function linesOf(row, measured) {
  const entries = Object.entries(row.subjects)
  const [baseName] = entries.find(([, { role }]) => role === 'base') ?? []
  const bases = baseName === undefined ? undefined : measured.get(baseName)
  const figureOf = row.figure === 'least' ? (results) => Math.min(...results) : median
  const compared = (name) => {
    const results = measured.get(name)
    if (bases === undefined) return results
    const baseValue = figureOf(bases)
    // Over HTTP, in the same round as its base: other load on the machine is the same for both.
    return row.kind === 'http'
      ? results.map((value, round) => value / bases[round])
      : results.map((value) => Math.max(0, value - baseValue))
  }
  const ofRole = (wantedRole) =>
    entries
      .filter(([, { role }]) => role === wantedRole)
      .map(([name]) => ({ name, value: figureOf(compared(name)) }))
      .toSorted((a, b) => (row.isMoreBetter === true ? b.value - a.value : a.value - b.value))
  const [bestPeer] = ofRole('peer')
  // A target may be the name of a peer, which is to be reached in the same run.
  const target = typeof row.target === 'string' ? figureOf(compared(row.target)) : row.target
  const shownTarget = target === undefined ? '' : target === row.target ? String(target) : shown(target)
  const floors = ofRole('floor')
  const reaches = (value) => (row.isMoreBetter === true ? value >= target : value <= target)
  // A floor with the same duties that misses the target says that the target is impossible here.
  const verdict = (value) =>
    reaches(value) ? 'yes' : floors.every(({ value: least }) => reaches(least)) ? 'no' : 'floor'
  return ofRole('ours').map(({ name, value }) => {
    const all = compared(name)
    const cells = [
      name === 'kube-authn' ? row.name : `${row.name} (${name.replace('kube-authn, ', '')})`,
      row.unit,
      shown(value),
      `${shown(Math.min(...all))} to ${shown(Math.max(...all))}`,
      bestPeer === undefined ? '' : `${shown(bestPeer.value)} ${bestPeer.name}`,
      floors.map((floor) => `${shown(floor.value)} ${floor.name}`).join(', '),
      shownTarget,
      target === undefined ? '' : verdict(value),
    ]
    return `| ${cells.join(' | ')} |`
  })
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
      if (budget !== undefined) told(`${name}, bytes`, problemOfBytes(row.name, subject, budget))
    }
  }
  print(`${passed} passed, ${failed} failed`)
  // Servers of the rows are still there.
  process.exit(failed > 0 ? 1 : 0)
}

function problemOfBytes(row, subject, budget) {
  const limit = budget * 1.15
  let bytes = Infinity
  // What else a process does, such as compiling again, only adds to what requests allocate.
  for (let attempt = 0; attempt < 3 && bytes > limit; attempt++) {
    bytes = Math.min(bytes, bytesOf(row, subject))
  }
  return bytes <= limit
    ? undefined
    : `allocates ${Math.round(bytes)} bytes, and ${budget} with 15 % in reserve are allowed`
}

function shown(value) {
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
