// Load over HTTP, from the other core: `wrk` if installed, else autocannon.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { pinned } from './child.mjs'

const CONNECTIONS = 50
const autocannon = createRequire(import.meta.url).resolve('autocannon')

export const loadGenerator = spawnSync('wrk', ['-v']).error === undefined ? 'wrk' : 'autocannon'

/**
 * Requests a second, and the 99th percentile of latencies in milliseconds.
 *
 * @param header name and value.
 * @param client what the command begins with, to run in another network.
 */
export function load(url, [name, value], seconds, client = []) {
  return loadGenerator === 'wrk'
    ? byWrk(url, `${name}: ${value}`, seconds, client)
    : byAutocannon(url, `${name}=${value}`, seconds, client)
}

function byWrk(url, header, seconds, client) {
  const output = run(
    ...client,
    'wrk',
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    '--latency',
    '-H',
    header,
    url,
  )
  if (output.includes('Non-2xx')) throw new Error(output)
  const [, number, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(output)
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)[1]),
    p99Ms: Number(number) * { us: 0.001, ms: 1, s: 1000 }[unit],
  }
}

function byAutocannon(url, header, seconds, client) {
  const output = run(
    ...client,
    process.execPath,
    autocannon,
    '-j',
    '-c',
    String(CONNECTIONS),
    '-d',
    String(seconds),
    '-H',
    header,
    url,
  )
  const result = JSON.parse(output)
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} refused, ${result.errors} failed`)
  return { requestsPerSecond: result.requests.average, p99Ms: result.latency.p99 }
}

function run(command, ...args) {
  const [pinnedCommand, rest] = pinned(1, command, ...args)
  // The certificates of the servers measured are not verified, which wrk does not do either.
  const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' }
  const { stdout, stderr, status } = spawnSync(pinnedCommand, rest, { encoding: 'utf8', env })
  if (status !== 0) throw new Error(stderr)
  return stdout
}
