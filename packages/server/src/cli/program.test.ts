import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { COMMAND, folderOf, run } from '../../test/command.ts'
import { run as runHere } from './run.ts'
import type { Terminal } from './terminal/terminal.ts'

describe('kube-authn', () => {
  it('runs in a process of another program', async () => {
    const printed = { stdout: '', stderr: '' }
    const stream = (name: keyof typeof printed): Writable =>
      new Writable({
        write(chunk, _encoding, done) {
          printed[name] += String(chunk)
          done()
        },
      })
    const terminal = {
      stdin: Readable.from([Buffer.from('correct horse\n')]),
      stdout: stream('stdout'),
      stderr: stream('stderr'),
      env: {},
      exitCode: undefined,
    } as unknown as Terminal
    await runHere(['hash-password', '--algorithm', 'scrypt'], terminal)
    expect(printed).toEqual({ stdout: expect.stringMatching(/^"?\$scrypt\$/), stderr: '' })
    await runHere(['check'], terminal)
    expect(printed.stderr).toBe("error: missing required argument 'file'\n")
    expect(terminal.exitCode).toBe(2)
  })

  it.each([['--version'], ['-V']])('prints its version with %s', async (option) => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      readonly version: string
    }
    expect(await run([option])).toEqual({ stdout: `${version}\n`, stderr: '', exitCode: 0 })
  })

  it.each([
    ['--help', ['--help']],
    ['help', ['help']],
    ['-h of a command', ['check', '-h']],
    ['help of a command', ['help', 'check']],
  ])('prints help with %s', async (_, args) => {
    const { stdout, stderr, exitCode } = await run(args)
    expect(stdout).toMatch(/^Usage: kube-authn /)
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  })

  it.each([
    ['a command', ['chekc'], "error: unknown command 'chekc' (Did you mean check?)\n"],
    ['an option', ['check', '--kin', 'rbac'], "error: unknown option '--kin' (Did you mean --kind?)\n"],
    [
      'an option with a value, which may be a secret',
      ['whoami', '--tokn=c2VjcmV0'],
      "error: unknown option '--tokn'\n",
    ],
    ['what controls a terminal', ['a\u001b[31m'], "error: unknown command 'a\\u{1b}[31m'\n"],
    ['a missing argument', ['check'], "error: missing required argument 'file'\n"],
    [
      'a missing option',
      ['create', 'token', 'x', '--uid=1'],
      "error: required option '--key <file>' not specified\n",
    ],
    ['a missing value', ['check', '--kind'], "error: option '-k, --kind <kind>' argument missing\n"],
    [
      'more arguments',
      ['whoami', 'x'],
      "error: too many arguments for 'whoami'. Expected 0 arguments but got 1.\n",
    ],
  ])('says in a line what is wrong with %s', async (_, args, stderr) => {
    expect(await run(args)).toEqual({ stdout: '', stderr, exitCode: 2 })
  })

  it('prints help to stderr without a command, as an error', async () => {
    const { stdout, stderr, exitCode } = await run([])
    expect(stderr).toMatch(/^Usage: kube-authn /)
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
  })

  it('ends quietly when its reader has gone', async () => {
    const cwd = folderOf({ 'tokens.csv': 't,jane,1,a,b\n'.repeat(20_000) })
    const child = spawn(process.execPath, [COMMAND, 'check', 'tokens.csv'], { cwd })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    child.stdout.once('data', () => child.stdout.destroy())
    await once(child, 'close')
    expect(stderr).toBe('')
  })
})
