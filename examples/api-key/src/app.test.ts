import { spawn } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { explain, userInfo } from '@kube-authn/core'
import { fetchRequest } from '@kube-authn/core/adapter'
import { auditLog } from '@kube-authn/audit'
import { securitySchemes } from '@kube-authn/api/openapi'
import { authentication } from '@kube-authn/express'
import { createAuthenticator } from '@kube-authn/node'
import express from 'express'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { apiKey, digestOf, usersOf } from './api-key.ts'

const KEY = 'c2VjcmV0LWtleQ'
const authenticator = createAuthenticator({ requests: [apiKey(usersOf(`${KEY} reports machines`))] })
const events: unknown[] = []
const app = express()
app.use(authentication(authenticator, { observer: auditLog({ write: (event) => events.push(event) }) }))
app.get('/', (req, res) => {
  res.json({ user: Reflect.get(req, 'user'), key: req.headers['x-api-key'] ?? null })
})
const server = app.listen(0)
const url = () => `http://localhost:${(server.address() as AddressInfo).port}/`
const main = spawn(process.execPath, [fileURLToPath(new URL('../dist/main.js', import.meta.url))], {
  env: { ...process.env, PORT: '0' },
})
afterAll(() => {
  main.kill()
  server.close()
})

describe('an API key', () => {
  it('authenticates a user, and is not visible to the app', async () => {
    const answer = await fetch(url(), { headers: { 'x-api-key': KEY } })
    expect(await answer.json()).toEqual({
      user: userInfo({ username: 'reports', groups: ['machines', 'system:authenticated'] }),
      key: null,
    })
  })

  it.each([
    ['unknown', 'wrong-key'],
    ['empty', ''],
    ['too long', 'x'.repeat(257)],
    ['a digest', digestOf(KEY)],
    ['a name of a property', '__proto__'],
  ])('that is %s is a 401 with the challenge of its scheme', async (_, key) => {
    const answer = await fetch(url(), { headers: { 'x-api-key': key } })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^ApiKey realm="/)
  })

  it('is named in the audit log and by explain, without its value', async () => {
    events.length = 0
    await fetch(url(), { headers: { 'x-api-key': `${KEY}-wrong` } })
    await vi.waitFor(() => expect(events.length).toBeGreaterThan(0))
    expect(JSON.stringify(events)).toContain('Authentication failed, attempted: x-api-key')
    const request = new Request('https://localhost/', { headers: { 'x-api-key': `${KEY}-wrong` } })
    const telling = {
      ...apiKey(new Map()),
      authenticate() {
        throw new Error(`no user for ${KEY}-wrong`)
      },
    }
    const shown = JSON.stringify([
      await explain(authenticator, fetchRequest(request)),
      await explain(telling, fetchRequest(request)),
    ])
    expect(shown).toContain('unknown API key')
    expect(`${shown} ${JSON.stringify(events)}`).not.toContain(KEY)
  })

  it('is described for OpenAPI', () => {
    expect(Object.values(securitySchemes(authenticator).securitySchemes)).toContainEqual(
      expect.objectContaining({ type: 'apiKey', in: 'header', name: 'x-api-key' }),
    )
  })
})

it('prints commands and their answers', async () => {
  let output = ''
  main.stdout.on('data', (data) => (output += String(data)))
  await vi.waitFor(() => expect(output.match(/#=>/g)).toHaveLength(2), { timeout: 20_000 })
  const lines = [...output.matchAll(/--header '([^:]+): ([^']+)' (\S+)\n#=> (.*)/g)]
  for (const [, name = '', value = '', where = '', expected] of lines) {
    const answer = await fetch(where, { headers: { [name]: value } })
    expect([answer.status, (await answer.text()).trim()]).toEqual([200, expected])
  }
  expect(lines).toHaveLength(2)
})
