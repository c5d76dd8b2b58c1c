import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it, vi } from 'vitest'

const app = spawn(process.execPath, [fileURLToPath(new URL('../dist/main.js', import.meta.url))], {
  env: { ...process.env, PORT: '0' },
})
afterAll(() => {
  app.kill()
})

it('prints a command and its answer', async () => {
  let output = ''
  app.stdout.on('data', (data) => (output += String(data)))
  await vi.waitFor(() => expect(output).toContain('#=>'))
  const [, token = '', url = '', answer] = /Bearer ([^']+)' (\S+)\n#=> (.*)/.exec(output) ?? []
  const known = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect([known.status, (await known.text()).trim()]).toEqual([200, answer])
  expect((await fetch(url)).status).toBe(401)
  if (spawnSync('curl', ['--version']).status === 0) {
    const [command = ''] = output.split('\n')
    expect(spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stdout.trim()).toBe(answer)
  }
})
