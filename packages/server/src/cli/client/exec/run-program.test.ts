import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@kube-authn/core/internal'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it, vi } from 'vitest'
import { folderOf } from '../../../../test/command.ts'
import { type Program, programRunner } from './run-program.ts'

const run = programRunner({ clock: systemClock, maxBytes: 100_000, timeoutMs: 60_000 })
const node = (script: string, more: Partial<Program> = {}): Program => ({
  command: process.execPath,
  args: ['-e', script],
  env: { ...process.env, A: 'b' },
  hasInput: false,
  ...more,
})

/** Whether a process has ended. */
function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

describe('programRunner', () => {
  it('returns what a program prints, and gives it the environment and no input', async () => {
    const script = `process.stdin.on('end', () => console.log(process.env.A, '\u20ac')).resume()`
    expect(await run(node(script))).toEqual({ type: 'exited', code: 0, stdout: 'b \u20ac\n' })
  })

  it('returns how a program failed', async () => {
    expect(await run(node('console.log(1); process.exitCode = 3'))).toEqual({
      type: 'exited',
      code: 3,
      stdout: '1\n',
    })
    expect(
      await run(node('process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)')),
    ).toMatchObject({ type: 'exited', code: -1 })
  })

  it('returns why a program cannot be started', async () => {
    const folder = folderOf({ text: 'x' })
    expect(await run(node('', { command: join(folder, 'nope') }))).toEqual({
      type: 'missing',
      code: 'ENOENT',
    })
    expect(await run(node('', { command: join(folder, 'text') }))).toEqual({
      type: 'missing',
      code: 'EACCES',
    })
    expect(await run(node('', { args: ['\0'] }))).toEqual({ type: 'failed', reason: 'ERR_INVALID_ARG_VALUE' })
    const huge = await run(node('', { args: ['x'.repeat(10_000_000)] }))
    expect(huge).toEqual({ type: 'failed', reason: 'E2BIG' })
  })

  it('ends a program that prints too much, and does not wait for what it started', async () => {
    const folder = folderOf()
    const inner = `setInterval(() => {}, 1000)`
    const script =
      `const { spawn } = require('child_process');` +
      `const { pid } = spawn(process.execPath, ['-e', ${JSON.stringify(inner)}], { stdio: ['ignore', 'inherit', 'ignore'] });` +
      `require('fs').writeFileSync('pids', process.pid + ' ' + pid);` +
      `process.chdir('/');` +
      `(function print() { process.stdout.write('x'.repeat(65536), print) })()`
    const end = await run(node(`process.chdir(${JSON.stringify(folder)});${script}`))
    expect(end).toEqual({ type: 'failed', reason: 'it printed more than 100000 bytes' })
    const [pid = 0, other = 0] = readFileSync(join(folder, 'pids'), 'utf8').split(' ').map(Number)
    await vi.waitUntil(() => hasEnded(pid), { timeout: 20_000 })
    process.kill(other)
  })

  it('ends a program that takes too long, also one that does not want to end', async () => {
    const folder = folderOf()
    const clock = fixedClock()
    const started = join(folder, 'pid')
    const script = `process.on('SIGTERM', () => {}); require('fs').writeFileSync(${JSON.stringify(started)}, String(process.pid)); setInterval(() => {}, 1000)`
    const end = programRunner({ clock, timeoutMs: 300_000 })(node(script))
    await vi.waitUntil(() => existsSync(started) && readFileSync(started, 'utf8') !== '', { timeout: 20_000 })
    clock.advance(299_999)
    expect(hasEnded(Number(readFileSync(started, 'utf8')))).toBe(false)
    clock.advance(1)
    expect(await end).toEqual({ type: 'failed', reason: 'it did not end within 300 seconds' })
    await vi.waitUntil(() => hasEnded(Number(readFileSync(started, 'utf8'))), { timeout: 20_000 })
    expect(clock.pending).toBe(0)
  })

  it('leaves nothing behind when a program has ended', async () => {
    const clock = fixedClock()
    const before = process.listenerCount('exit')
    await programRunner({ clock })(node(''))
    expect(clock.pending).toBe(0)
    expect(process.listenerCount('exit')).toBe(before)
  })
})
