import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createIssuer } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import { afterEach, expect, it, vi } from 'vitest'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** Starts the app in a separate process, and returns its output. */
async function start(
  env: Record<string, string> = {},
): Promise<{ readonly app: ChildProcess; readonly output: string }> {
  const app = spawn(process.execPath, [fileURLToPath(new URL('../dist/main.js', import.meta.url))], {
    env: { ...process.env, PORT: '0', ...env },
  })
  ends.push(() => app.kill())
  let output = ''
  app.stdout.on('data', (data) => (output += String(data)))
  await vi.waitFor(() => expect(output).toContain('#=>'))
  return { app, output }
}

it('prints a command and its answer', async () => {
  const { output } = await start()
  const [, token = '', url = '', answer] = /Bearer ([^']+)' (\S+)\n#=> (.*)/.exec(output) ?? []
  const known = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect([known.status, (await known.text()).trim()]).toEqual([200, answer])
  expect((await fetch(url)).status).toBe(401)
  if (spawnSync('curl', ['--version']).status === 0) {
    const [command = ''] = output.split('\n')
    expect(spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stdout.trim()).toBe(answer)
  }
})

it('accepts ID tokens of the configured issuer', async () => {
  const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
  const { url: issuerUrl, caPem, close } = await listen(issuer)
  const folder = mkdtempSync(join(tmpdir(), 'hono-app-'))
  ends.push(close, () => rmSync(folder, { recursive: true }))
  const ca = join(folder, 'ca.crt')
  writeFileSync(ca, caPem)
  const { output } = await start({ ISSUER: issuerUrl, AUDIENCE: 'hono-app', NODE_EXTRA_CA_CERTS: ca })
  const [url = ''] = /http:\S+/.exec(output) ?? []
  const ask = async (claims: object): Promise<string> => {
    const token = await issuer.sign({ sub: 'mary', aud: 'hono-app', ...claims })
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    return `${response.status} ${await response.text()}`
  }
  expect(await ask({ groups: ['accounting'] })).toBe(
    '200 Hello mary, you are in accounting, system:authenticated\n',
  )
  expect(await ask({ aud: 'other' })).toMatch(/^401 /)
  expect(await ask({ exp: 1 })).toMatch(/^401 /)
})
