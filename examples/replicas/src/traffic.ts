import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createFetch } from '@kube-authn/node'
import { apiAt, at } from './api.ts'
import { availability } from './availability.ts'
import { counter } from './counter.ts'
import { makeToken, revokeToken } from './trial.ts'

// Mixed requests to the example, which runs in another terminal. It ends with no wrong answer, and says how long each kind of request was not answered:
//
//   node examples/replicas/dist/traffic.js [--seconds 60] [--faults]
//
// With --faults it kills a replica after a quarter of the time, revokes a token after another quarter, and kills the database after the third.

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    faults: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const folder = process.env['MATERIAL'] ?? fileURLToPath(new URL('../.material', import.meta.url))
const apiUrl = `https://localhost:${process.env['PORT'] ?? 6443}`
const appUrl = `https://localhost:${process.env['APP_PORT'] ?? 8443}`

/** How long a revocation may take to reach all of them. */
const REVOKED_WITHIN_MS = 2000

const api = apiAt(`${folder}/admin.conf`, apiUrl)
const appFetch = createFetch({ caFile: `${folder}/replica-1/pki/ca.crt` }, { timeoutSeconds: 5 })
const endMs = performance.now() + seconds * 1000
const wrong: string[] = []
const kinds = availability()

async function askApp(path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  try {
    const response = await appFetch(`${appUrl}${path}`, { headers })
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}

/** Asks again and again. 0, 429 and all of 500 count as not answered, anything but `expected` as wrong. */
async function repeat(
  kind: string,
  ask: () => Promise<number>,
  right: () => readonly number[],
): Promise<void> {
  while (performance.now() < endMs) {
    const before = right()
    const status = await ask()
    const isAnswered = status !== 0 && status !== 429 && status < 500
    kinds.note(kind, isAnswered)
    // What changes while the request is under way may be answered in either way.
    if (isAnswered && ![...before, ...right()].includes(status)) {
      wrong.push(`${kind}: ${status}, not ${before.join(' or ')}`)
    }
    await delay(isAnswered ? 10 : 50)
  }
}

async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch {
      await delay(100)
    }
  }
}

const token = await retried(() => makeToken(api))
const leaked = await retried(() => makeToken(api))
let isRevoking = false
let revokedMs = Infinity
const leakedIs = (): readonly number[] => {
  if (!isRevoking) return [200]
  return performance.now() > revokedMs + REVOKED_WITHIN_MS ? [401] : [200, 401]
}
const counted = await counter(api, () => performance.now() < endMs, kinds, wrong)

const [staticToken = ''] = readFileSync(`${folder}/tokens.csv`, 'utf8').split(',')
const work = [
  counted.write(),
  counted.read(),
  repeat(
    'API: service account',
    () => api.status('/api', token),
    () => [200],
  ),
  repeat(
    'API: client certificate',
    () => api.status('/api'),
    () => [200],
  ),
  repeat(
    'API: wrong token',
    () => api.status('/api', 'wrong'),
    () => [401],
  ),
  repeat(
    'app: service account',
    () => askApp('/whoami', bearer(token)),
    () => [200],
  ),
  repeat(
    'app: wrong token',
    () => askApp('/whoami', bearer('wrong')),
    () => [401],
  ),
  repeat('API: revoked token', () => api.status('/api', leaked), leakedIs),
  repeat('app: revoked token', () => askApp('/whoami', bearer(leaked)), leakedIs),
  repeat(
    'app: static token',
    () => askApp('/whoami', bearer(staticToken)),
    () => [200],
  ),
  ...(values.faults ? [faults()] : []),
]

function bearer(value: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${value}` }
}

async function faults(): Promise<void> {
  const quarter = (seconds * 1000) / 4
  await delay(quarter)
  await kill('replica-2')
  await delay(quarter)
  isRevoking = true
  await retried(() => revokeToken(api, leaked, 'leaked, says the traffic'))
  revokedMs = performance.now()
  console.log('revoked a token')
  await delay(quarter)
  await kill('PostgreSQL')
}

async function kill(name: string): Promise<void> {
  const response = await appFetch(`${appUrl}/status.json`)
  const programs = at(await response.json(), 'programs')
  const found: unknown = Array.isArray(programs)
    ? programs.find((each: unknown) => at(each, 'name') === name)
    : undefined
  const pid = at(found, 'pid')
  if (typeof pid !== 'number') throw new TypeError(`${name} does not run`)
  process.kill(pid, 'SIGKILL')
  console.log(`killed ${name}, process ${pid}`)
}

await Promise.all(work)
wrong.push(...(await counted.verify()))
console.log(kinds.table())
for (const each of new Set(wrong)) {
  console.error(`WRONG: ${each} (${wrong.filter((other) => other === each).length} times)`)
}
console.log(wrong.length === 0 ? 'no wrong answer' : `${wrong.length} wrong answers`)
api.close()
appFetch.close()
process.exitCode = wrong.length === 0 ? 0 : 1
