// What watches over real connections cost `kube-authn serve`: memory, the time until a change has reached all, and how long other requests wait meanwhile; and
// what watches cost whose clients never read. Run after a build, on Linux. 10,000 watches need as many file descriptors in both processes (`ulimit -n`).
//
// usage: node test/bench/serve-watchers.mjs [--watches 10000] [--changes 10] [--silent 20] [--in-memory]
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const COMMAND = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))
const CLIENT = fileURLToPath(new URL('lib/opened-watches.mjs', import.meta.url))
const TOKEN = 'bench-token'
/** More than the buffers of a connection hold, all together. */
const SILENT_CHANGES = 300
const SILENT_LENGTH = 65_536

const { values } = parseArgs({
  options: {
    watches: { type: 'string', default: '10000' },
    changes: { type: 'string', default: '10' },
    silent: { type: 'string', default: '20' },
    'in-memory': { type: 'boolean', default: false },
  },
})
const watches = Number(values.watches)
const changes = Number(values.changes)
const silent = Number(values.silent)

const folder = mkdtempSync(join(tmpdir(), 'serve-watchers-'))
const tokens = join(folder, 'tokens.csv')
writeFileSync(tokens, `${TOKEN},admin,1,"system:masters"\n`, { mode: 0o600 })
const data = join(folder, 'data')
const child = spawn(
  process.execPath,
  [
    COMMAND,
    'serve',
    `--data-dir=${data}`,
    '--secure-port=0',
    '--output=json',
    `--token-auth-file=${tokens}`,
    ...(values['in-memory'] ? ['--in-memory'] : []),
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
child.once('exit', (code, signal) => console.log(`serve ended: ${code ?? signal}`))
try {
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  const { server } = JSON.parse(line)
  const ask = askerOf(server, join(data, 'pki/ca.crt'))
  await measure(server, ask)
} finally {
  child.kill('SIGTERM')
  await once(child, 'exit')
  rmSync(folder, { recursive: true })
}

async function measure(server, ask) {
  const { metadata } = JSON.parse(await ask('GET', '/api/v1/namespaces/default/configmaps'))
  await pause(2000)
  const before = memoryOf('VmRSS')
  const opening = performance.now()
  const cpu = cpuMs()
  const client = fork(CLIENT, [server, join(data, 'pki/ca.crt'), TOKEN, watches, silent], {
    env: { ...process.env, SINCE: metadata.resourceVersion },
  })
  await told(client, 'isOpen')
  await pause(2000)
  print('open', {
    watches: watches + silent,
    seconds: (performance.now() - opening) / 1000,
    cpuMsPerWatch: (cpuMs() - cpu) / (watches + silent),
    rssKiBPerWatch: ((memoryOf('VmRSS') - before) * 1024) / (watches + silent),
  })
  await small(client, ask)
  if (silent > 0) await large(client, ask)
  client.send('end')
  await once(client, 'exit')
  await pause(3000)
  print('closed', { rssMiB: memoryOf('VmRSS'), peakMiB: memoryOf('VmHWM') })
}

/** One change after the other, each until it has reached all. */
async function small(client, ask) {
  const idle = await probed(ask, () => pause(1000))
  const { events: first } = await countOf(client)
  const times = []
  const begun = cpuMs()
  const longest = await probed(ask, async () => {
    for (let index = 1; index <= changes; index++) {
      const at = performance.now()
      await create(ask, `small-${index}`, 'x'.repeat(400))
      while ((await countOf(client)).events - first < index * watches) await pause(5)
      times.push(performance.now() - at)
    }
  })
  const { events, ended } = await countOf(client)
  print('changes', {
    events: events - first,
    expected: watches * changes,
    ended,
    msUntilAllMedian: times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)],
    msUntilAllMax: Math.max(...times),
    cpuMsPerChange: (cpuMs() - begun) / changes,
    readyzMaxMs: longest,
    readyzMaxIdleMs: idle,
    rssMiB: memoryOf('VmRSS'),
  })
}

/** Changes that some never read. The others get all of them; the events of all are too many for this machine, so there are few others. */
async function large(client, ask) {
  if (watches > 500) return
  const before = memoryOf('VmRSS')
  const { events: first } = await countOf(client)
  for (let index = 0; index < SILENT_CHANGES; index++)
    await create(ask, `large-${index}`, 'x'.repeat(SILENT_LENGTH))
  const expected = watches * SILENT_CHANGES
  while ((await countOf(client)).events - first < expected) await pause(50)
  const rss = memoryOf('VmRSS')
  client.send('read')
  const { late, expired } = await told(client, 'late')
  print('silent', {
    silent,
    expectedByOthers: expected,
    eventsOfOthers: (await countOf(client)).events - first,
    rssGrowthMiB: rss - before,
    lateEvents: late,
    expectedLate: silent * (changes + SILENT_CHANGES),
    toldToBeginAnew: expired,
  })
}

function create(ask, name, text) {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text } }
  return ask('POST', '/api/v1/namespaces/default/configmaps', JSON.stringify(object))
}

/** The longest time that a health check took while `work` ran. */
async function probed(ask, work) {
  const over = { is: false }
  let longest = 0
  const probing = (async () => {
    while (!over.is) {
      const at = performance.now()
      await ask('GET', '/readyz')
      longest = Math.max(longest, performance.now() - at)
      await pause(2)
    }
  })()
  await work()
  over.is = true
  await probing
  return longest
}

function askerOf(server, caFile) {
  const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile) })
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${TOKEN}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      }
      request(`${server}${path}`, { method, agent, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part) => (text += part))
        response.on('end', () => {
          if (response.statusCode < 300) resolve(text)
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))
        })
      })
        .on('error', reject)
        .end(body)
    })
}

async function countOf(client) {
  client.send('count')
  return told(client, 'events')
}

function told(client, name) {
  return new Promise((resolve, reject) => {
    const receive = (message) => {
      if (!(name in message)) return
      client.off('message', receive)
      client.off('exit', fail)
      resolve(message)
    }
    const fail = (code) => reject(new Error(`the client ended with ${code}`))
    client.on('message', receive)
    client.once('exit', fail)
  })
}

/** Linux only: ticks of 10 ms. */
function cpuMs() {
  const [, fields] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')
  const [user, system] = fields.split(' ').slice(11, 13).map(Number)
  return (user + system) * 10
}

function memoryOf(field) {
  const [, kiB] = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(
    readFileSync(`/proc/${child.pid}/status`, 'utf8'),
  )
  return Number(kiB) / 1024
}

function print(name, content) {
  const rounded = Object.entries(content).map(([key, value]) => [
    key,
    Number.isInteger(value) ? value : Number(value.toPrecision(3)),
  ])
  console.log(JSON.stringify({ name, ...Object.fromEntries(rounded) }))
}
