// On Cloudflare's runtime all work of a request ends with it. So background fetches of keys must be awaited, and work that other requests wait for
// must be started again.
//
// usage: node test/runtimes/ending-requests.mjs
import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createIssuer } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import { build } from 'esbuild'
import { binaryOf } from './binaries.mjs'
import { freePort } from './free-port.mjs'
import { eventually, PATIENCE_MS } from './lib/patience.mjs'

const HERE = fileURLToPath(new URL('ending-requests/', import.meta.url))
const workerd = await binaryOf('workerd')
let passed = 0
let failed = 0

await withWorker('keys are looked at again when they are old', async ({ ask, issuer, sign }) => {
  const token = await sign('old')
  await ask('/oidc', token, '200 old')
  const before = issuer.requests.length
  await ask('/advance?seconds=700', '', '200 ')
  await ask('/oidc', token, '200 old')
  equal('requests to the issuer', issuer.requests.length - before, 1)
})

await withWorker('a new key counts after the old ones became old', async ({ ask, issuer, sign }) => {
  await ask('/oidc', await sign('old'), '200 old')
  await ask('/advance?seconds=700', '', '200 ')
  const old = await sign('old')
  await ask('/oidc', old, '200 old')
  await issuer.rotate()
  await ask('/oidc', await sign('new'), '200 new')
  await ask('/oidc', old, '200 old')
})

await withWorker('a key that was withdrawn does not count for ever', async ({ ask, issuer, sign }) => {
  const token = await sign('old')
  await ask('/oidc', token, '200 old')
  await issuer.rotate({ withdrawOthers: true })
  await ask('/advance?seconds=700', '', '200 ')
  // The request that finds the key expired is the last that it authenticates.
  await ask('/oidc', token, '200 old')
  await ask('/oidc', token, '401')
})

await withWorker('keys verify while the issuer hangs', async ({ ask, issuer, sign }) => {
  const token = await sign('old')
  await ask('/oidc', token, '200 old')
  await ask('/advance?seconds=700', '', '200 ')
  issuer.stop('hang')
  await ask('/oidc', token, '200 old')
  await ask('/oidc', token, '200 old')
  issuer.start()
})

for (const path of ['/oidc', '/cached']) {
  await withWorker(`what was begun by a request that ended is begun again: ${path}`, async (worker) => {
    const { ask, issuer, sign } = worker
    const token = await sign('jane')
    issuer.stop('hang')
    await ask(`${path}?leave`, token, '200 ')
    issuer.start()
    await ask(path, token, '200 jane')
  })

  await withWorker(`who waits when that request ends goes on: ${path}`, async ({ ask, issuer, sign }) => {
    const token = await sign('jane')
    issuer.stop('hang')
    const leaves = ask(`${path}?leave`, token, '200 ')
    const waits = ask(path, token, '200 jane')
    await leaves
    issuer.start()
    await waits
  })
}

console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

function equal(what, actual, expected) {
  if (actual !== expected) throw new Error(`${what}: expected ${expected}, received ${actual}`)
}

/** Runs a check with a separate Worker and issuer. */
async function withWorker(name, run) {
  const folder = mkdtempSync(join(tmpdir(), 'ending-requests-'))
  const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
  const { url, caPem, close } = await listen(issuer)
  copyFileSync(join(HERE, 'workerd.capnp'), join(folder, 'workerd.capnp'))
  writeFileSync(join(folder, 'issuer-ca.crt'), caPem)
  await build({
    entryPoints: [join(HERE, 'worker.js')],
    outfile: join(folder, 'worker.js'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
  })
  const port = await freePort()
  const child = spawn(
    workerd,
    ['serve', join(folder, 'workerd.capnp'), `--socket-addr=http=127.0.0.1:${port}`],
    { env: { ISSUER: url }, stdio: ['ignore', 'inherit', 'pipe'] },
  )
  let output = ''
  child.stderr.on('data', (data) => (output += String(data)))

  const ask = async (path, token, expected) => {
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers,
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const body = await response.text()
    equal(path, response.ok ? `${response.status} ${body}` : String(response.status), expected)
  }
  const sign = (sub) => issuer.sign({ sub, aud: 'app' }, { expirationSeconds: 36_000 })
  try {
    await eventually(() =>
      ask('/advance?seconds=0', '', '200 ').then(
        () => true,
        () => false,
      ),
    )
    await run({ ask, issuer, sign })
    // It warns about promises that settle after the end of their request.
    equal('what workerd said', output, '')
    passed++
  } catch (error) {
    failed++
    console.log(`FAILED ${name}: ${error.message}`)
  } finally {
    child.kill()
    await close()
    rmSync(folder, { recursive: true, force: true })
  }
}
