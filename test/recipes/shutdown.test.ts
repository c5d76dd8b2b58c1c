import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterAll, expect, it } from 'vitest'
import { bearer, recipe } from './recipe.ts'

const { folder, path } = recipe('shutdown', { files: { 'tokens.csv': 'secret,jane,1\n' } })
const child = spawn(process.execPath, [path('server.mjs')], {
  cwd: folder,
  env: { ...process.env, PORT: '0', DELAY_SECONDS: '0.05' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
afterAll(() => void child.kill('SIGKILL'))

it('ends requests in progress and event streams, writes the audit log, and exits by itself', async () => {
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const url = `http://127.0.0.1:${/port: (\d+)/.exec(line.toString())?.[1]}`
  expect((await fetch(`${url}/readyz`)).status).toBe(200)

  const response = await fetch(`${url}/report`, { headers: bearer('secret') })
  const stream = await fetch(`${url}/events`, { headers: bearer('secret') })
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await expect(response.text()).resolves.toBe('begun by jane')
  await expect(stream.text()).resolves.toBe('data: hello\n\n')
  await expect(exit).resolves.toEqual([0, null])
  await expect(fetch(`${url}/readyz`)).rejects.toThrow()

  const events = readFileSync(`${folder}/audit.log`, 'utf8').trim().split('\n')
  const stages = events.map((event) => (JSON.parse(event) as { stage: string }).stage)
  expect(stages.toSorted()).toEqual([
    'RequestReceived',
    'RequestReceived',
    'ResponseComplete',
    'ResponseComplete',
  ])
})
