// What 1,000 revocations a second cost the requests of a process that follows their store, while another process writes them. Run after a build.
//
// usage: node test/bench/revocation-writes.mjs postgres://USER@HOST/DATABASE|http://HOST:PORT [--rounds 40] [--seconds 0.5] [--rate 1000] [--apart] [--bare]
//
// Writes come in groups of every 10 ms, or each as a write of its own with --apart. With --bare only the driver follows, which is the least that can be done.
//
// Where other work leaves a process only a part of a core, more revocations come for each second of its CPU time than in a second, and it loses more requests than with a
// core of its own: that is told as the part of a core that following takes.
import { fork } from 'node:child_process'
import { loadavg } from 'node:os'
import { setImmediate, setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { unlessRevoked } from '@kube-authn/core/revocation'
import { revocations } from '@kube-authn/server'
import express from 'express'
import { expressMiddleware } from './lib/drivers.mjs'
import { ENGINES } from './lib/engines.mjs'
import { randomTokens, withAuthorization } from './lib/material.mjs'
import { median } from './lib/measure.mjs'
import { authentication, tokenChain } from './lib/subjects.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '40' },
    seconds: { type: 'string', default: '0.5' },
    rate: { type: 'string', default: '1000' },
    apart: { type: 'boolean', default: false },
    bare: { type: 'boolean', default: false },
    writer: { type: 'boolean', default: false },
  },
})
const [where = ''] = positionals
const engine = ENGINES[where.startsWith('http') ? 'etcd' : 'postgres'](where)
const TICK_MS = values.apart ? 1 : 10
/** Until the writes have begun, or ended. */
const SETTLE_MS = 150
const DAY_MS = 86_400_000
const KEY = '/registry/authentication.kube-authn.dev/credentialrevocations/'
const GROUP = 'authentication.kube-authn.dev/v1'

if (values.writer) await writeWhenTold()
else await measure()

/** Writes while its parent wants it to. */
async function writeWhenTold() {
  const store = await engine.open()
  let written = 0
  let writing = new AbortController()
  const write = () => {
    const name = `r${process.pid}-${written++}`
    const spec = { user: `revoked-${name}`, expirationTime: '2100-01-01T00:00:00Z', reason: 'measured' }
    const metadata = { name, uid: name, creationTimestamp: '2026-01-01T00:00:00Z' }
    return store.create(
      KEY + name,
      JSON.stringify({ apiVersion: GROUP, kind: 'CredentialRevocation', metadata, spec }),
      { ttlMs: DAY_MS },
    )
  }
  const writeAtRate = async ({ signal }) => {
    const begun = performance.now()
    let count = 0
    while (!signal.aborted) {
      const due = ((performance.now() - begun) * Number(values.rate)) / 1000
      for (; count < due; count++) write().catch(() => process.exit(1))
      await pause(TICK_MS)
    }
  }
  process.on('message', (isOn) => {
    writing.abort()
    writing = new AbortController()
    if (isOn) void writeAtRate(writing)
  })
  process.once('disconnect', () => process.exit())
  process.send({ isReady: true })
}

/** Follows the store. Returns how many changes it was told. */
async function follower() {
  if (values.bare) return { revoked: () => false, told: await engine.followBare() }
  const store = await engine.open()
  let count = 0
  const counted = {
    ...store,
    async *watch(prefix, options) {
      for await (const event of store.watch(prefix, options)) {
        if (event.type !== 'progress') count++
        yield event
      }
    },
  }
  const revoked = await revocations({ store: counted, onError: console.error })
  return { revoked, told: () => count }
}

async function measure() {
  await engine.driver()
  const { revoked, told } = await follower()
  const tokens = randomTokens(1000)
  const [token] = tokens.keys()
  const middleware = authentication.express(unlessRevoked(revoked, tokenChain(tokens)))
  const operation = expressMiddleware(express(), middleware, [withAuthorization(`Bearer ${token}`)])
  const flags = ['--writer', '--rate', values.rate, ...(values.apart ? ['--apart'] : [])]
  const writer = fork(process.argv[1], [where, ...flags])
  await new Promise((resolve) => writer.once('message', resolve))
  // What is done a thousand times a second is compiled soon.
  await round(operation, writer, true, told)
  await round(operation, writer, true, told)
  const rounds = []
  for (let index = 0; index < Number(values.rounds); index++) {
    const order = index % 2 === 0 ? [false, true] : [true, false]
    const both = {}
    for (const isOn of order) both[isOn ? 'beside' : 'without'] = await round(operation, writer, isOn, told)
    rounds.push(both)
  }
  tell(rounds)
  process.exit()
}

function tell(rounds) {
  const ofEach = (what) => median(rounds.map(what))
  const loss = ({ without, beside }) => (1 - beside.perCpuSecond / without.perCpuSecond) * 100
  // What is left of the CPU time after that of the requests.
  const cost = ({ without, beside }) =>
    (beside.cpu - (beside.requests / without.perCpuSecond) * 1e6) / Math.max(1, beside.told)
  const sorted = rounds.map(loss).toSorted((one, other) => one - other)
  const quarter = (part) => Number(sorted[Math.floor((sorted.length - 1) * part)].toFixed(1))
  const total = (of) => rounds.reduce((sum, { beside }) => sum + of(beside), 0)
  const result = {
    follower: values.bare ? 'bare driver' : 'kube-authn',
    revocationsPerCpuSecond: Math.round(total(({ told }) => told) / (total(({ cpu }) => cpu) / 1e6)),
    revocationsPerSecond: Math.round(total(({ told }) => told) / total(({ seconds }) => seconds)),
    requestsPerCpuSecond: Math.round(ofEach(({ without }) => without.perCpuSecond)),
    fewerPercent: Number(ofEach(loss).toFixed(1)),
    quartiles: [quarter(0.25), quarter(0.75)],
    microsecondsPerRevocation: Number(ofEach(cost).toFixed(1)),
    percentOfACoreAtTheRate: Number(((ofEach(cost) * Number(values.rate)) / 1e4).toFixed(1)),
    load: Number(loadavg()[0].toFixed(1)),
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
}

/** Requests in turns of the event loop of about a millisecond, as a server has them that has much to do. */
async function round(operation, writer, isOn, told) {
  writer.send(isOn)
  await pause(SETTLE_MS)
  const [before, begun, toldBefore] = [process.cpuUsage(), performance.now(), told()]
  const until = begun + Number(values.seconds) * 1000
  let requests = 0
  const onEnd = () => {
    requests++
  }
  while (performance.now() < until) {
    for (let each = 0; each < 500; each++) operation(onEnd)
    await setImmediate()
  }
  const { user, system } = process.cpuUsage(before)
  const cpu = user + system
  return {
    requests,
    cpu,
    perCpuSecond: (requests / cpu) * 1e6,
    told: told() - toldBefore,
    seconds: (performance.now() - begun) / 1000,
  }
}
