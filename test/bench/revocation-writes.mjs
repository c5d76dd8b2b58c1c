// What 1,000 revocations a second cost the requests of a process that follows their store: requests for each second of CPU time, with and without them in turns. Run after a build.
//
// usage: node test/bench/revocation-writes.mjs [postgres://USER@HOST/DATABASE] [--rounds 40] [--seconds 0.25] [--rate 1000]
//
// Without a URL the store is in the memory of this process, so that the writes count too. With one, another process writes.
import { fork } from 'node:child_process'
import { setImmediate, setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { unlessRevoked } from '@kube-authn/core/revocation'
import { memoryObjectStore, revocations } from '@kube-authn/server'
import express from 'express'
import { expressMiddleware } from './lib/drivers.mjs'
import { randomTokens, withAuthorization } from './lib/material.mjs'
import { median } from './lib/measure.mjs'
import { authentication, tokenChain } from './lib/subjects.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '40' },
    seconds: { type: 'string', default: '0.25' },
    rate: { type: 'string', default: '1000' },
    writer: { type: 'boolean', default: false },
  },
})
const [url] = positionals
const SCHEMA = 'revocation_writes'
const TICK_MS = 10
const WARM_UP = 20_000
const KEY = '/registry/authentication.kube-authn.dev/credentialrevocations/'
const GROUP = 'authentication.kube-authn.dev/v1'

const store = await openStore()
let written = 0
if (values.writer) writeWhenTold()
else await measure()

async function openStore() {
  if (url === undefined) return memoryObjectStore()
  const { migratePostgresStore, postgresObjectStore } = await import('@kube-authn/server/postgres')
  await migratePostgresStore({ connectionString: url, schema: SCHEMA })
  return postgresObjectStore({ connectionString: url, schema: SCHEMA })
}

function write() {
  const name = `r${process.pid}-${written++}`
  const spec = { user: `revoked-${name}`, expirationTime: '2100-01-01T00:00:00Z', reason: 'measured' }
  const object = { apiVersion: GROUP, kind: 'CredentialRevocation', metadata: { name, uid: name }, spec }
  return store.create(KEY + name, JSON.stringify(object))
}

/** Writes at the rate until the signal aborts. */
async function writeAtRate(signal) {
  const begun = performance.now()
  let count = 0
  while (!signal.aborted) {
    const due = ((performance.now() - begun) * Number(values.rate)) / 1000
    const writes = []
    for (; count < due; count++) writes.push(write())
    await Promise.all(writes)
    await pause(TICK_MS)
  }
}

function writeWhenTold() {
  let writing = new AbortController()
  process.on('message', (isOn) => {
    writing.abort()
    writing = new AbortController()
    if (isOn) void writeAtRate(writing.signal)
  })
  process.once('disconnect', () => process.exit())
  process.send({ isReady: true })
}

/** Turns the writes on and off. */
async function writer() {
  if (url === undefined) {
    let writing = new AbortController()
    return (isOn) => {
      writing.abort()
      writing = new AbortController()
      if (isOn) void writeAtRate(writing.signal)
    }
  }
  const child = fork(process.argv[1], [url, '--writer', '--rate', values.rate])
  await new Promise((resolve) => child.once('message', resolve))
  return (isOn) => child.send(isOn)
}

async function measure() {
  const revoked = await revocations({ store, onError: console.error })
  // What is done a thousand times a second is compiled soon.
  if (url === undefined) for (let index = 0; index < WARM_UP; index++) await write()
  const tokens = randomTokens(1000)
  const [token] = tokens.keys()
  const middleware = authentication.express(unlessRevoked(revoked, tokenChain(tokens)))
  const operation = expressMiddleware(express(), middleware, [withAuthorization(`Bearer ${token}`)])
  const turn = await writer()
  await requestsPerCpuSecond(operation)
  const results = { without: [], beside: [] }
  const before = await store.revision()
  for (let round = 0; round < Number(values.rounds); round++) {
    results.without.push(await requestsPerCpuSecond(operation))
    turn(true)
    results.beside.push(await requestsPerCpuSecond(operation))
    turn(false)
  }
  const seconds = Number(values.rounds) * Number(values.seconds)
  const rate = ((await store.revision()) - before) / seconds
  process.stdout.write(`${rate.toFixed(0)} revocations a second\n`)
  // On a machine with other work, the best rounds are those that were disturbed least.
  tell('median', median(results.without), median(results.beside))
  tell('best', Math.max(...results.without), Math.max(...results.beside))
  process.exit()
}

function tell(name, without, beside) {
  const loss = ((1 - beside / without) * 100).toFixed(1)
  process.stdout.write(
    `${name}: ${without.toFixed(0)} requests a second of CPU time without them, ${beside.toFixed(0)} beside them: ${loss} % fewer\n`,
  )
}

/** Requests in turns of the event loop of about a millisecond, as a server has them that has much to do. */
async function requestsPerCpuSecond(operation) {
  const cpu = process.cpuUsage()
  const until = performance.now() + Number(values.seconds) * 1000
  let count = 0
  const onEnd = () => {
    count++
  }
  while (performance.now() < until) {
    for (let each = 0; each < 500; each++) operation(onEnd)
    await setImmediate()
  }
  const { user, system } = process.cpuUsage(cpu)
  return (count / (user + system)) * 1e6
}
