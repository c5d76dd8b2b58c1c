// The app of examples/hono-edge on Cloudflare's runtime, Deno and Bun: the same requests, and the same answers.
//
// usage: node test/runtimes/hono-edge.mjs
import { spawnSync } from 'node:child_process'
import { isDeepStrictEqual } from 'node:util'
import { recipes } from '../../examples/hono-edge/dist/recipes.js'
import { serveOn } from '../../examples/hono-edge/dist/serve.js'
import { binaryOf } from './binaries.mjs'
import { freePort } from './free-port.mjs'
import { ask, askAndLeave } from './hono-edge/ask.mjs'
import { certificates, requestsWith, UNAUTHORIZED } from './hono-edge/requests.mjs'
import { startIssuers, tokensOf } from './hono-edge/surroundings.mjs'
import { eventually } from './lib/patience.mjs'

let passed = 0
const failures = []
const check = (name, actual, expected) => {
  if (isDeepStrictEqual(actual, expected)) passed++
  else failures.push(`${name}\n  expected ${JSON.stringify(expected)}\n  received ${JSON.stringify(actual)}`)
}

const issuers = await startIssuers()
const { provider, caPem, settings } = issuers
const apps = []
try {
  for (const runtime of ['workerd', 'deno', 'bun']) {
    const [port, edgePort, command] = [await freePort(), await freePort(), [await binaryOf(runtime)]]
    apps.push({ runtime, ...(await serveOn({ runtime, settings, caPem, port, edgePort, command })) })
  }
  await firstTokens()
  const tokens = await tokensOf(issuers)
  for (const { name, request, answer } of requestsWith(tokens)) await alike(name, request, answer)
  for (const { name, request, answer } of certificates) {
    for (const { edgeOrigin } of apps.filter((app) => app.edgeOrigin !== undefined)) {
      check(`at the edge, ${name}`, relevant(await ask(edgeOrigin, request)), whole(answer))
    }
  }
  await printedLines(tokens)
  await newKeys(tokens)
} finally {
  for (const app of apps) await app.close()
  await issuers.close()
}
for (const failure of failures) console.log(`FAILED ${failure}`)
console.log(`${passed} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1

/** Sends a request to all runtimes, and expects equal responses. */
async function alike(name, request, answer) {
  const answers = await Promise.all(apps.map((app) => ask(app.origin, request)))
  for (const [index, { runtime }] of apps.entries()) {
    check(`${name}, on ${runtime}`, relevant(answers[index]), whole(answer))
    check(`${name}, on ${runtime} and ${apps[0].runtime}`, answers[index], answers[0])
  }
}

/** Discovery has not started yet; the first request does not wait, and the next ones are concurrent. */
async function firstTokens() {
  const token = await provider.sign({ sub: 'first', aud: settings.AUDIENCE })
  const request = { path: '/whoami', headers: { authorization: `Bearer ${token}` } }
  for (const { runtime, origin } of apps) {
    const before = provider.requests.length
    await askAndLeave(origin, request)
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(origin, request)))
    check(
      `twenty first tokens at once, on ${runtime}`,
      answers.map(({ status }) => status),
      Array.from({ length: 20 }, () => 200),
    )
    const requests = provider.requests.length - before
    check(`are few requests at the issuer, on ${runtime}`, requests <= 4 ? 'few' : requests, 'few')
  }
}

async function newKeys({ mary, cart }) {
  const known = { username: 'oidc:mary', groups: ['oidc:operators', 'system:authenticated'] }
  const claims = { sub: 'mary', aud: settings.AUDIENCE, groups: ['operators'] }
  const as = (token) => ({ path: '/whoami', headers: { authorization: `Bearer ${token}` } })

  await provider.rotate()
  await alike('a token of a new key', as(await provider.sign(claims)), known)
  await alike('a token of the old key, which is still there', as(mary), known)

  await provider.rotate({ withdrawOthers: true })
  await knownSoon('a token of the next key', as(await provider.sign(claims)), known)
  await alike('a token of a key that was withdrawn', as(mary), UNAUTHORIZED)

  provider.stop()
  await alike('a token of a known key while the issuer is down', as(await provider.sign(claims)), known)
  await provider.rotate()
  await alike('a token of a new key while the issuer is down', as(await provider.sign(claims)), UNAUTHORIZED)
  const ofCluster = ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated']
  const account = { username: 'system:serviceaccount:shop:cart', groups: ofCluster }
  await alike('a service account while the other issuer is down', as(cart), account)
  provider.start()
  await knownSoon('a token of the new key when the issuer is back', as(await provider.sign(claims)), known)
}

/** At most three fetches of keys at once, then one every five seconds: how many there were depends on the load of the machine. */
async function knownSoon(name, request, user) {
  for (const { origin } of apps)
    await eventually(
      () => ask(origin, request),
      ({ status }) => status === 200,
    )
  await alike(name, request, user)
}

/** The configuration that the example prints. */
async function printedLines({ mary: marysToken, cart: cartsToken }) {
  if (spawnSync('curl', ['--version']).status !== 0) {
    console.log('the printed lines are not tried: there is no curl on this machine')
    return
  }
  const tokens = { janesToken: 'janes-token', clarksToken: 'clarks-token', marysToken, cartsToken }
  for (const { runtime, origin, edgeOrigin } of apps) {
    for (const { title, command, answer } of recipes({ origin, edgeOrigin, ...tokens })) {
      const { stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
      check(`the line ${title}, on ${runtime}`, stdout, answer)
    }
  }
}

function relevant({ status, body }) {
  return [status, body]
}

/** A string or an object stands for a response of 200. */
function whole(answer) {
  if (Array.isArray(answer)) return answer
  return [200, typeof answer === 'string' ? answer : JSON.stringify(answer)]
}
