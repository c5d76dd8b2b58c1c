// The cost of a bearer token and a cached JWT on other runtimes, in µs per request: for this checkout and others, such as one of an older commit.
//
// usage: node test/bench/runtimes.mjs [FOLDER ...]
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { binaryOf } from '../runtimes/binaries.mjs'
import { median } from './lib/measure.mjs'

const { build } = createRequire(new URL('../runtimes/package.json', import.meta.url))('esbuild')
const here = fileURLToPath(new URL('../..', import.meta.url))
const cases = readFileSync(new URL('lib/portable.mjs', import.meta.url), 'utf8')
const folders = [here, ...process.argv.slice(2)].map((folder) => resolve(folder))
const NAMES = ['token of a file', 'JWT seen before']
const COUNT = 20_000
const ROUNDS = 5

const RUNTIMES = {
  'Node 20': { binary: 'node20', conditions: ['node', 'module'] },
  'Node 22': { binary: 'node22', conditions: ['node', 'module'] },
  'Node 24': { binary: 'node24', conditions: ['node', 'module'] },
  Deno: { binary: 'deno', args: ['run', '-A'], conditions: ['deno', 'node', 'module'] },
  Bun: { binary: 'bun', conditions: ['bun', 'node', 'module'] },
  workerd: { binary: 'workerd', conditions: ['workerd', 'worker', 'browser'] },
}

/** Prints the times of each case in turns. CPU time, since other things run too. */
const IN_A_PROCESS = `
const times = {}
const found = await portableCases()
for (const run of Object.values(found)) await run(${2 * COUNT})
for (let round = 0; round < ${ROUNDS}; round++) {
  for (const [name, run] of Object.entries(found)) {
    const before = process.cpuUsage()
    if ((await run(${COUNT})) !== ${COUNT}) throw new Error(name + ' was refused')
    const { user, system } = process.cpuUsage(before)
    ;(times[name] ??= []).push((user + system) / ${COUNT})
  }
}
console.log(JSON.stringify(times))
`

/** For bundled code that requires Node modules as CommonJS. */
const REQUIRE = `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)`

/** A Worker's clock stands still while it computes, so the client measures the time. */
const IN_A_WORKER = `
let found
export default {
  async fetch(request) {
    const url = new URL(request.url)
    found ??= await portableCases()
    const count = Number(url.searchParams.get('count'))
    return Response.json(await found[url.searchParams.get('name')](count))
  },
}
`

const WORKER_CONFIG = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "bundle.mjs", esModule = embed "bundle.mjs")],
    compatibilityDate = "2026-01-01",
    compatibilityFlags = ["nodejs_compat"],
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`

const scratch = mkdtempSync(join(tmpdir(), 'kube-authn-bench-'))
try {
  process.stdout.write(
    `| runtime | case | ${folders.join(' | ')} |\n| --- | --- |${' --- |'.repeat(folders.length)}\n`,
  )
  for (const [name, runtime] of Object.entries(RUNTIMES)) await tell(name, runtime)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

async function tell(name, runtime) {
  const measured = []
  // Sequentially, since they would disturb each other.
  for (const folder of folders) measured.push(await timesOf(runtime, folder))
  for (const each of NAMES) {
    const cells = measured.map((times) => median(times[each]).toFixed(2))
    process.stdout.write(`| ${name} | ${each} | ${cells.join(' | ')} |\n`)
  }
}

async function timesOf({ binary, args = [], conditions }, folder) {
  const path = await binaryOf(binary)
  const outfile = join(scratch, 'bundle.mjs')
  const isWorker = binary === 'workerd'
  await build({
    stdin: {
      contents: cases + (isWorker ? IN_A_WORKER : IN_A_PROCESS),
      resolveDir: join(folder, 'test/runtimes'),
    },
    bundle: true,
    format: 'esm',
    outfile,
    conditions: [...conditions, 'import'],
    platform: isWorker ? 'browser' : 'node',
    banner: { js: isWorker ? '' : REQUIRE },
    logLevel: 'error',
  })
  if (isWorker) return timesOfWorker(path)
  const { status, stdout, stderr } = spawnSync(path, [...args, outfile], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr.slice(0, 2000))
  return JSON.parse(stdout.trim().split('\n').at(-1))
}

async function timesOfWorker(path) {
  const config = join(scratch, 'config.capnp')
  writeFileSync(config, WORKER_CONFIG)
  const worker = spawn(path, ['serve', '--control-fd=3', config], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  })
  try {
    const port = await new Promise((onPort, onError) => {
      worker.once('error', onError)
      worker.stdio[3].once('data', (data) => onPort(JSON.parse(String(data).split('\n')[0]).port))
    })
    const run = async (name, count) => {
      const query = new URLSearchParams({ name, count: String(count) })
      const start = performance.now()
      const response = await fetch(`http://127.0.0.1:${port}/?${query}`)
      if ((await response.json()) !== count) throw new Error(`${name} was refused`)
      return ((performance.now() - start) * 1000) / count
    }
    for (const name of NAMES) await run(name, 2 * COUNT)
    const times = Object.fromEntries(NAMES.map((name) => [name, []]))
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of NAMES) times[name].push(await run(name, COUNT))
    }
    return times
  } finally {
    worker.kill()
  }
}
