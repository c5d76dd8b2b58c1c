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

/** What the page answers to its own form. */
async function explained(form: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      origin: `https://localhost:${port}`,
    }
    const sent = request(
      {
        host: 'localhost',
        port,
        path: '/',
        method: 'POST',
        headers,
        ca: material.read('ca.crt'),
        agent: false,
      },
      (response) => {
        let body = ''
        response.on('data', (data) => (body += String(data)))
        response.on('end', () => resolve(body))
      },
    )
    sent.on('error', reject).end(String(new URLSearchParams(form)))
  })
}

function shownIn(body: string): string {
  return body
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ (?=[.,])/g, '')
}

function commandIn(body: string): string {
  const [, escaped = ''] = /data-text="([^"]*)"/.exec(body) ?? []
  const command = escaped.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
  return command.replace('curl', 'curl --silent --show-error')
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
      'proxy-ca.crt': '644',
      'proxy.crt': '644',
      'proxy.key': '600',
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

  it('explains the request of a browser on its page', async () => {
    const { status, headers, body } = await ask('/')
    expect(status).toBe(200)
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(body).toContain('You are <strong>anonymous</strong>')
    expect(body).toContain('value="prepared:jane"')
  })

  it.for([
    ['jane', 'GET /orders/17 passes', 'You are jane'],
    ['joe', 'GET /orders/17 403 Forbidden', 'You are joe'],
    ['mary', 'GET /orders/17 403 Forbidden', 'You are mary'],
    ['jbeda', 'GET /orders/17 passes', 'You are jbeda'],
    ['clark', 'GET /orders/17 403 Forbidden', 'You are clark'],
    ['cart', 'GET /orders/17 passes', 'You are system:serviceaccount:shop:cart'],
    ['a new node', 'GET /orders/17 403 Forbidden', 'You are system:bootstrap:'],
    ['fido', 'GET /orders/17 403 Forbidden', 'You are fido'],
    ['Wrong token', 'GET /orders/17 401 Unauthorized', 'Invalid bearer token.'],
    ['Wrong password', 'GET /orders/17 401 Unauthorized', 'Check the name and the password'],
    ['Expired token', 'GET /orders/17 401 Unauthorized', 'Service account token has expired.'],
    ['Foreign certificate', 'GET /orders/17 401 Unauthorized', 'does not trust for users'],
    ['Forged proxy', 'GET /orders/17 401 Unauthorized', 'You are not authenticated'],
  ])(
    'explains %s on its page, without a secret, and the app and its curl command agree',
    async ([name = '', target = '', text], { skip }) => {
      const body = await explained({ who: `prepared:${name}`, path: '/orders/17' })
      const shown = shownIn(body)
      expect(shown).toContain(target)
      expect(shown).toContain(text)
      for (const secret of Object.values(material.secrets)) expect(body).not.toContain(secret)
      expect(body).not.toContain('eyJ')
      if (!hasCurl) skip('there is no curl on this machine')
      const run = spawnSync('sh', ['-c', commandIn(body)], { encoding: 'utf8' })
      expect(run.stderr).toBe('')
      const [, expected] = /(\d{3}) \w+$/.exec(target) ?? []
      expect(/"code":(\d+)/.exec(run.stdout)?.[1]).toBe(expected)
    },
  )

  it('explains who acts as another user, and by which role', async () => {
    const body = await explained({ kept: 'prepared:clark', as: '0', path: '/nodes/mynode' })
    expect(shownIn(body)).toContain('You are clark, acting as superman')
    expect(shownIn(body)).toContain(
      'superman may get nodes mynode, since the ClusterRole cluster-admin is bound to the group system:masters.',
    )
    expect(body).toContain('impersonatedUser')
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
    expect(output).toContain('tokens.csv is read again')
  })
})
