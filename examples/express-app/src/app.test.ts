import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Material } from '@kube-authn-example/material'
import { prepareFiles, type Secret } from './material.ts'

const hasCurl = spawnSync('curl', ['--version']).status === 0

let folder: string
let app: ChildProcess
let output = ''
let material: Material<Secret>
let port: number

beforeAll(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'express-app-')), 'material')
  app = spawn(process.execPath, [fileURLToPath(new URL('../dist/main.js', import.meta.url))], {
    env: { ...process.env, PORT: '0', MATERIAL: folder },
  })
  app.stdout?.on('data', (data) => (output += String(data)))
  app.stderr?.on('data', (data) => (output += String(data)))
  await vi.waitFor(() => expect(output).toContain('Ctrl+C'))
  material = await prepareFiles(folder)
  port = Number(/https:\/\/localhost:(\d+)\//.exec(output)?.[1])
}, 30_000)

afterAll(() => {
  app.kill()
  rmSync(join(folder, '..'), { recursive: true, force: true })
})

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Trusts only the CA of the app. */
async function ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: 'localhost', port, path, headers, ca: material.read('ca.crt'), agent: false },
      (response) => {
        let body = ''
        response.on('data', (data) => (body += String(data)))
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
      },
    )
    sent.on('error', reject).end()
  })
}

describe('express-app', () => {
  it('prints a command for each method, and each command prints the expected answer', ({ skip }) => {
    if (!hasCurl) skip('there is no curl on this machine')
    const printed = [...output.matchAll(/^(curl .*)\n#=> (.*)$/gm)]
    expect(printed).toHaveLength(14)
    for (const [, command = '', answer] of printed) {
      const run = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
      expect({ command, answer: run.stdout, error: run.stderr }).toEqual({ command, answer, error: '' })
    }
  })

  it('keeps its keys and credentials for this user only', () => {
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const modes = readdirSync(folder).map((name) => [
      name,
      (statSync(join(folder, name)).mode & 0o777).toString(8),
    ])
    expect(Object.fromEntries(modes)).toEqual({
      'audit.jsonl': '600',
      'ca.crt': '644',
      'client-ca.crt': '644',
      'issuer-ca.crt': '644',
      'issuer.crt': '644',
      'issuer.key': '600',
      'jbeda.crt': '644',
      'jbeda.key': '600',
      'other-ca.crt': '644',
      'passwords.csv': '600',
      'sa.key': '600',
      'sa.pub': '644',
      'secrets.json': '600',
      'server.crt': '644',
      'server.key': '600',
      'stranger.crt': '644',
      'stranger.key': '600',
      'tokens.csv': '600',
    })
  })

  it('shows the user and the result of each authenticator on its page, and no secret', async () => {
    const { janesToken: token } = material.secrets
    const { status, headers, body } = await ask('/', { authorization: `Bearer ${token}` })
    expect(status).toBe(200)
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(body).toContain('You are jane')
    expect(body).toMatch(/<code>tokenFile<\/code> <span class="outcome authenticated">/)
    expect(body).not.toContain(token)
  })

  it('shows a refused request on its page, without its credential', async () => {
    const { status, body } = await ask('/', { authorization: 'Bearer <script>alert(1)</script>' })
    expect(status).toBe(401)
    expect(body).toContain('invalid bearer token')
    expect(body).not.toContain('alert')
  })

  it('shows a decision on its page, and the rule that allows it', async () => {
    const { body } = await ask('/?user=clark&groups=&verb=impersonate&resource=groups&name=admins')
    expect(body).toContain('allowed by ClusterRoleBinding &#34;clark-impersonates&#34;')
    expect(body).toContain('&#34;resources&#34;:[&#34;users&#34;,&#34;groups&#34;,&#34;serviceaccounts&#34;]')
    const refused = await ask('/?user=%3Cscript%3E&verb=get&resource=nodes&name=mynode')
    expect(refused.body).toContain(
      'User &#34;&#38;lt;script&#38;gt;&#34; cannot get resource &#34;nodes&#34;',
    )
  })

  it('writes both names into its audit log when a user acts as another', async () => {
    const { clarksToken } = material.secrets
    await ask('/whoami', { authorization: `Bearer ${clarksToken}`, 'impersonate-user': 'superman' })
    await vi.waitFor(() => {
      const text = material.read('audit.jsonl')
      const last = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>
      expect(last).toMatchObject({
        stage: 'ResponseComplete',
        user: { username: 'clark' },
        impersonatedUser: { username: 'superman' },
      })
      expect(text).not.toContain(clarksToken)
    })
  })

  it('challenges a browser for a password', async () => {
    const { status, headers } = await ask('/whoami')
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toContain('Basic realm=')
  })

  it('reloads a changed token file', async () => {
    writeFileSync(material.path('tokens.csv'), 'brand-new,jill,1003\n')
    await vi.waitFor(async () => {
      const { body } = await ask('/whoami', { authorization: 'Bearer brand-new' })
      expect(body).toBe('{"username":"jill","groups":["system:authenticated"]}')
    })
    expect(output).toContain('tokens.csv: loaded')
  })
})
