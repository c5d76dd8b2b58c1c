import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const hasCurl = spawnSync('curl', ['--version']).status === 0

let app: ChildProcess
let output = ''
let file: string

beforeAll(async () => {
  app = spawn(process.execPath, [main, '--secure-port=0'])
  app.stdout?.on('data', (data) => (output += String(data)))
  app.stderr?.on('data', (data) => (output += String(data)))
  await vi.waitFor(() => expect(output).toContain('Users of'))
  file = /^Users of (\S+)/m.exec(output)?.[1] ?? ''
}, 30_000)
afterAll(() => {
  app.kill()
})

const paste = (command: string): string => spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stdout

describe('authentication-config', () => {
  it('prints commands, and each prints the expected answer', async ({ skip }) => {
    if (!hasCurl) skip('there is no curl on this machine')
    const printed = [...output.matchAll(/^(curl .*)\n#=> (.*)$/gm)]
    expect(printed).toHaveLength(4)
    const [, ready = ''] = printed[3] ?? []
    await vi.waitFor(() => expect(paste(ready)).toBe('ok'))
    for (const [, command = '', answer] of printed) expect(paste(command)).toBe(answer)
    const [, asJane = ''] = printed[0] ?? []
    expect(paste(asJane.replace('/whoami', '/metrics'))).toMatch(
      /^apiserver_authentication_jwt_authenticator_latency_seconds_count\{result="success".* 1$/m,
    )
  })

  it('reloads its file, and reports the problems of a new version', async ({ skip }) => {
    if (!hasCurl) skip('there is no curl on this machine')
    const [[, asJane = ''] = [], [, forAnotherApp = ''] = []] = [...output.matchAll(/^(curl .*)$/gm)]
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('https://127', 'http://127'))
    await vi.waitFor(() => expect(output).toContain('URL scheme must be https'))
    expect(output).toMatch(/: failed .*jwt\[0\]\.issuer\.url: Invalid value: "http:\/\/127\./)
    expect(paste(asJane)).toContain('oidc:developers')

    const policy = 'audiences: [my-app, another-app]\n    audienceMatchPolicy: MatchAny'
    writeFileSync(file, text.replace('audiences: [my-app]', policy))
    await vi.waitFor(() => expect(output).toContain(': loaded'))
    expect(paste(forAnotherApp)).toContain('"username":"jane"')
  })

  it.each([
    [['--authentication-config=/nowhere'], /--tls-cert-file and --tls-private-key-file are needed too/],
    [['--authentication-config=/nowhere', '--tls-cert-file=x', '--tls-private-key-file=x'], /nowhere/],
    [['--nonsense'], /nonsense/],
  ])('does not start with %j', (args, expected) => {
    const { status, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(expected) })
  })
})
