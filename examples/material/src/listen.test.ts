import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let folder: string
let other: Server
let port: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'taken-port-'))
  other = createServer().listen(0, 'localhost')
  await once(other, 'listening')
  port = (other.address() as AddressInfo).port
})
afterAll(() => {
  other.close()
  rmSync(folder, { recursive: true })
})

/** The variables that each example needs to come as far as its port. Those that run programs of other projects are in the interop tests. */
const examples: Readonly<Record<string, NodeJS.ProcessEnv>> = {
  'api-key': {},
  'authentication-config': {},
  dashboard: { PROVIDER_PORT: '0' },
  'express-app': {},
  'extension-apiserver': {},
  'fastify-app': {},
  'hono-app': {},
  'hono-edge': {},
  'koa-app': {},
  'mcp-server': { ISSUER: 'https://issuer.example.com' },
  'passport-app': {},
  'token-review-webhook': {},
}

describe('listen', () => {
  it.concurrent.each(Object.entries(examples))(
    'says in one line that the port of %s is taken, and leaves no program behind',
    async (name, variables) => {
      const main = fileURLToPath(new URL(`../../${name}/dist/main.js`, import.meta.url))
      const app = spawn(process.execPath, ['--no-deprecation', main], {
        env: { ...process.env, ...variables, MATERIAL: join(folder, name), PORT: String(port) },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let complaint = ''
      app.stderr.on('data', (data) => (complaint += String(data)))
      app.stdout.resume()
      // A child that inherits an output keeps it open, so this waits for children too.
      const [code] = await once(app, 'close')
      expect(complaint.trimEnd().split('\n').at(-1)).toMatch(
        /^(PORT|--secure-port|listen\.port in \S+): another process listens on port \d+; stop it, or choose another port$/,
      )
      expect(complaint).not.toContain('    at ')
      expect(code).toBe(1)
    },
  )
})
