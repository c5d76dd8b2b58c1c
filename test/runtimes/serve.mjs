// `kube-authn serve` on a runtime: what it answers, what it keeps, and how it ends.
//
// usage: node test/runtimes/serve.mjs PROGRAM ARGUMENT...     which run the command, such as: deno run -A packages/server/dist/cli/main.js
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check, end } from './lib/counted.mjs'
import { eventually, PATIENCE_MS } from './lib/patience.mjs'

const [program, ...start] = process.argv.slice(2)
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'

const dataDir = mkdtempSync(join(tmpdir(), 'kube-authn-serve-'))

await check('whoami, with the certificate of the kubeconfig', () =>
  whileServing([], async (ask) => {
    const kind = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
    const { status, body } = await ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', kind)
    assert.deepEqual([status, body.status?.userInfo.username], [201, 'kubernetes-admin'])
  }),
)

await check('an object is there after a restart', async () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' }, data: { a: 'ä€' } }
  await whileServing([], async (ask) => {
    assert.equal((await ask('POST', CONFIG_MAPS, object)).status, 201)
  })
  await whileServing([], async (ask) => {
    const { status, body } = await ask('GET', `${CONFIG_MAPS}/kept`)
    assert.deepEqual([status, body.data], [200, object.data])
  })
})

await check('a token of a service account is known after a restart', async () => {
  const spec = { expirationSeconds: 3600 }
  const token = await whileServing([], async (ask) => {
    const path = '/api/v1/namespaces/default/serviceaccounts/default/token'
    const { status, body } = await eventually(
      () => ask('POST', path, { spec }),
      (answer) => answer.status !== 404,
    )
    assert.equal(status, 201)
    return body.status.token
  })
  await whileServing([], async (ask) => {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    const { status, body } = await ask('POST', path, {}, token)
    assert.deepEqual([status, body.status?.userInfo.username], [201, 'system:serviceaccount:default:default'])
  })
})

await check('a watch streams, and ends when the server stops', async () => {
  const { ended } = await whileServing([], async (ask, watch) => {
    const events = await watch(`${CONFIG_MAPS}?watch=true`)
    await ask('POST', CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'watched' } })
    assert.deepEqual(await events.until('watched'), 'ADDED')
    return events
  })
  await ended
})

await check('nothing is kept with --in-memory', () =>
  whileServing(['--in-memory'], async (ask) => {
    assert.equal((await ask('GET', `${CONFIG_MAPS}/kept`)).status, 404)
  }),
)

rmSync(dataDir, { recursive: true, force: true })
end()

/** Starts the command, and requires that SIGTERM ends it with the code 0. */
async function whileServing(flags, use) {
  const args = ['serve', '--secure-port=0', '--output=json', `--data-dir=${dataDir}`, ...flags]
  const child = spawn(program, [...start, ...args], { timeout: PATIENCE_MS })
  let log = ''
  child.stderr.on('data', (text) => (log += text))
  const exited = once(child, 'exit')
  try {
    const { server, kubeconfig } = JSON.parse(await firstLine(child, exited))
    const agent = agentOf(readFileSync(kubeconfig, 'utf8'))
    const result = await use(
      (method, path, body, token) => answerOf({ server, agent, method, path, body, token }),
      (path) => eventsOf({ server, agent, path }),
    )
    child.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
    return result
  } catch (error) {
    throw new Error(`${error.stack}\n${log}`, { cause: error })
  } finally {
    child.kill('SIGKILL')
  }
}

async function firstLine(child, exited) {
  let text = ''
  const line = new Promise((resolve) => {
    child.stdout.on('data', (part) => {
      text += part
      if (text.includes('\n')) resolve(text)
    })
  })
  return Promise.race([
    line,
    exited.then(([code]) => {
      throw new Error(`ended with ${code}`)
    }),
  ])
}

function agentOf(kubeconfig) {
  const fileOf = (field) =>
    Buffer.from(new RegExp(`${field}: (.+)`).exec(kubeconfig)?.[1] ?? '', 'base64').toString()
  return new Agent({
    ca: fileOf('certificate-authority-data'),
    cert: fileOf('client-certificate-data'),
    key: fileOf('client-key-data'),
  })
}

/** With a token instead of the certificate, if there is one. */
async function answerOf({ server, agent, method, path, body, token }) {
  const headers = {
    'content-type': 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  const chosen = token === undefined ? agent : new Agent({ ca: agent.options.ca })
  const sent = request(server + path, { method, agent: chosen, headers, timeout: PATIENCE_MS })
  sent.end(body === undefined ? '' : JSON.stringify(body))
  const [response] = await once(sent, 'response')
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part
  return { status: response.statusCode, body: JSON.parse(text) }
}

async function eventsOf({ server, agent, path }) {
  const sent = request(server + path, { agent, timeout: PATIENCE_MS }).end()
  const [response] = await once(sent, 'response')
  let text = ''
  response.setEncoding('utf8').on('data', (part) => (text += part))
  const events = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  return {
    ended: once(response, 'end'),
    async until(name) {
      const found = () => events().find(({ object }) => object.metadata.name === name)
      return (await eventually(found)).type
    },
  }
}
