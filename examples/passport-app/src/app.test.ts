import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const scratch = mkdtempSync(join(tmpdir(), 'passport-app-'))
const app = spawn(process.execPath, [fileURLToPath(new URL('../dist/main.js', import.meta.url))], {
  env: { ...process.env, PORT: '0', MATERIAL: join(scratch, 'material') },
})
let output = ''
app.stdout.on('data', (data) => (output += String(data)))
app.stderr.on('data', (data) => (output += String(data)))
beforeAll(() => vi.waitFor(() => expect(output).toContain('Ctrl+C')))
afterAll(() => {
  app.kill()
  rmSync(scratch, { recursive: true, force: true })
})

const linesOf = (name: string): readonly string[] =>
  readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8').split('\n')

describe('passport-app', () => {
  it('moves to the chain in one line, apart from imports', () => {
    const [before, after] = [linesOf('before.ts'), linesOf('after.ts')].map((lines) =>
      lines.slice(lines.findIndex((line) => line.startsWith('export'))),
    )
    const changed = (before ?? []).flatMap((line, index) => (line === after?.[index] ? [] : [after?.[index]]))
    expect(changed).toEqual(["  passport.use('bearer', new Strategy(createAuthenticator(files)))"])
    expect(after).toHaveLength(before?.length ?? 0)
  })

  it('prints commands, and each prints the expected answer', ({ skip }) => {
    if (spawnSync('curl', ['--version']).status !== 0) skip('there is no curl on this machine')
    const printed = [...output.matchAll(/^(curl .*)\n#=> (.*)$/gm)]
    expect(printed).toHaveLength(9)
    for (const [, command = '', answer] of printed) {
      const run = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
      expect({ command, answer: run.stdout, error: run.stderr }).toEqual({ command, answer, error: '' })
    }
  })

  it('sends a challenge for every accepted scheme', async () => {
    const [origin] = /http:\/\/localhost:\d+/.exec(output) ?? []
    const answers = await Promise.all(
      ['before', 'after', 'inside'].map(async (name) => {
        const { status, headers } = await fetch(`${origin}/${name}/whoami`)
        return [status, headers.get('www-authenticate')]
      }),
    )
    expect(answers).toEqual([
      [401, 'Bearer realm="Users"'],
      [401, 'Basic realm="kubernetes-master", Bearer realm="kubernetes-master"'],
      [401, 'Basic realm="kubernetes-master", Bearer realm="kubernetes-master"'],
    ])
  })
})
