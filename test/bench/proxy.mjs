// What the impersonating proxy costs: requests a second, CPU time of a request, and MiB a second of a body that comes back. Beside it are http-proxy-3, a proxy that does no more
// than what each of this kind has to (a user from a map, headers line by line, failures), and one that is nothing but two pipes, which neither authenticates nor handles an error.
// All have the same upstream with TLS and keep their connections to it, take turns, and are processes of their own. Run after a build.
//
// usage: node test/bench/proxy.mjs [--rounds 5] [--seconds 3] [--mebibytes 200]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { load, loadGenerator } from './lib/load.mjs'
import { median } from './lib/measure.mjs'

const SCRIPT = fileURLToPath(new URL('lib/proxies.mjs', import.meta.url))
const SUBJECTS = ['kube-authn', 'http-proxy-3', 'duties', 'pipe']
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    mebibytes: { type: 'string', default: '200' },
  },
})

const upstream = await started('upstream')
const subjects = []
for (const name of SUBJECTS)
  subjects.push({ name, requests: [], throughput: [], cpu: [], ...(await started(name, upstream.port)) })
try {
  // The first round is for the compiler.
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const subject of subjects) {
      const before = await cpuOf(subject)
      const { requestsPerSecond } = load(
        `http://127.0.0.1:${subject.port}/api/v1/namespaces/default/configmaps`,
        ['Authorization', 'Bearer token'],
        Number(values.seconds),
      )
      subject.requests.push(requestsPerSecond)
      subject.cpu.push(((await cpuOf(subject)) - before) / (requestsPerSecond * Number(values.seconds)))
    }
    for (const { child, throughput } of subjects) {
      child.send({ mebibytes: Number(values.mebibytes) })
      const [{ size, seconds }] = await once(child, 'message')
      if (size !== Number(values.mebibytes) * 1_048_576) throw new Error(`only ${size} bytes came back`)
      throughput.push(Number(values.mebibytes) / seconds)
    }
  }
  for (const { requests, throughput, cpu } of subjects)
    for (const each of [requests, throughput, cpu]) each.shift()
  const bare = subjects.at(-1)
  console.log(`Node ${process.version}, ${loadGenerator}`)
  console.log('| proxy | requests/s | of pipes | CPU µs/request | of pipes | MiB/s | of pipes |')
  console.log('| --- | --- | --- | --- | --- | --- | --- |')
  for (const { name, requests, throughput, cpu } of subjects) {
    const [perSecond, speed, cost] = [median(requests), median(throughput), median(cpu)]
    const cells = [
      name,
      perSecond.toFixed(0),
      (perSecond / median(bare.requests)).toFixed(2),
      cost.toFixed(0),
      (cost / median(bare.cpu)).toFixed(2),
      speed.toFixed(0),
      (speed / median(bare.throughput)).toFixed(2),
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
} finally {
  for (const { child } of [upstream, ...subjects]) child.kill()
}

async function cpuOf({ child }) {
  child.send({})
  const [{ microseconds }] = await once(child, 'message')
  return microseconds
}

async function started(...args) {
  const child = fork(SCRIPT, args.map(String))
  const [{ port }] = await once(child, 'message')
  return { child, port }
}
