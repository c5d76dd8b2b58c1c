import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { snippets } from './documents.ts'
import { makeProject } from './project.ts'

const [app, commands] = ['js', 'sh'].map(
  (wanted) =>
    snippets().find(({ document, language }) => document === 'README.md' && language === wanted)?.code ?? '',
)
/** The commands: those before the app starts, and those that ask it, with what they print. */
const [before = '', after = ''] = commands?.split('node app.mjs &\n') ?? []
const asked = [...after.matchAll(/^(curl .*) # (.*)$/gm)].map(([, command = '', printed = '']) => ({
  command,
  printed,
}))

let project: string
let server: ChildProcess | undefined
beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'pasted-')))
  makeProject(project)
})
afterAll(() => {
  server?.kill()
  rmSync(project, { recursive: true })
})

it('the app at the top of the README has ten lines, and runs when it is pasted', async ({ skip }) => {
  expect(app).toMatch(/^\/\/ app\.mjs\n/)
  expect(app?.split('\n').filter((line) => line !== '' && !line.startsWith('//')).length).toBeLessThanOrEqual(
    10,
  )
  expect(asked).toHaveLength(1)
  try {
    execFileSync('curl', ['--version'])
  } catch {
    skip('there is no curl on this machine')
  }
  const port = await freePort()
  const here = (text: string): string => text.replaceAll('3000', String(port))
  writeFileSync(join(project, 'app.mjs'), here(app ?? ''))
  execFileSync('sh', ['-c', before], { cwd: project })
  server = spawn(process.execPath, ['app.mjs'], { cwd: project, stdio: 'ignore' })
  for (const { command, printed } of asked) {
    await vi.waitFor(() => {
      expect(execFileSync('sh', ['-c', here(command)], { encoding: 'utf8' }).trim()).toBe(printed)
    })
  }
})

async function freePort(): Promise<number> {
  const listening = createServer().listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  listening.close()
  return port
}
