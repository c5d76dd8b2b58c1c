// How long `kube-authn serve` takes from the start of its process to its first answer, and how much of that is its own CPU time. Run after a build.
//
// usage: node test/bench/serve-start.mjs [--rounds 7] [--service-accounts 100000]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { kubernetesApi } from '@kube-authn/server'
import { sqliteObjectStore } from '@kube-authn/store/sqlite'

const command = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    'service-accounts': { type: 'string', default: '0' },
  },
})
const rounds = Number(values.rounds)
const accounts = Number(values['service-accounts'])
const folder = mkdtempSync(join(tmpdir(), 'serve-start-'))

try {
  const filled = accounts === 0 ? undefined : await filledFolder(accounts)
  for (const args of accounts === 0 ? [[], ['--in-memory']] : [[]]) {
    const samples = []
    for (let round = 0; round < rounds; round++) samples.push(await start(args, filled))
    report(`${accounts} service accounts ${args.join(' ')}`, samples)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** A data folder that has only a store. */
async function filledFolder(count) {
  const path = join(folder, 'filled')
  mkdirSync(path, { mode: 0o700 })
  const store = await sqliteObjectStore({ file: join(path, 'store.db') })
  await kubernetesApi({ store })
  const create = (index) => {
    const metadata = { name: `account-${index}`, namespace: 'default', uid: crypto.randomUUID() }
    const object = { apiVersion: 'v1', kind: 'ServiceAccount', metadata }
    return store.create(`/registry/serviceaccounts/default/${metadata.name}`, JSON.stringify(object))
  }
  for (let first = 0; first < count; first += 1000) {
    const size = Math.min(1000, count - first)
    await Promise.all(Array.from({ length: size }, (_, index) => create(first + index)))
  }
  await store.close()
  return path
}

async function start(args, filled) {
  const data = join(folder, 'data')
  rmSync(data, { recursive: true, force: true })
  if (filled !== undefined) cpSync(filled, data, { recursive: true })
  const began = performance.now()
  const child = spawn(
    process.execPath,
    [command, 'serve', `--data-dir=${data}`, '--secure-port=0', '--output=json', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  const ca = readFileSync(join(data, 'pki/ca.crt'))
  const [response] = await once(get(`${JSON.parse(line).server}/readyz`, { ca }), 'response')
  await once(response.resume(), 'end')
  const wallMs = performance.now() - began
  const cpuMs = cpuOf(child.pid)
  const rssMiB = residentOf(child.pid)
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
  return { wallMs, cpuMs, rssMiB }
}

/** Linux only: ticks of 10 ms. */
function cpuOf(pid) {
  const [, fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const [user, system] = fields.split(' ').slice(11, 13).map(Number)
  return (user + system) * 10
}

function residentOf(pid) {
  const [, kiB] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(kiB) / 1024
}

function report(name, samples) {
  const column = (field) => samples.map((sample) => Math.round(sample[field])).toSorted((a, b) => a - b)
  for (const field of ['wallMs', 'cpuMs', 'rssMiB'])
    console.log(`${name} ${field}: ${column(field).join(' ')}`)
}
