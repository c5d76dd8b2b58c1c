import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { keepRunning } from './keep-running.ts'

const children = vi.hoisted((): EventEmitter[] => [])

vi.mock('node:child_process', () => ({
  spawn() {
    const pid = children.length + 1
    const child = Object.assign(new EventEmitter(), {
      pid,
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      kill: () => child.emit('exit', null, 'SIGTERM'),
    })
    children.push(child)
    return child
  },
}))

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  children.length = 0
})

it('a program that fails and then ends is started again once', async () => {
  const kept = keepRunning({ name: 'a', command: 'a', args: [] })
  children[0]?.emit('error', new Error('kill EPERM'))
  children[0]?.emit('exit', 1, null)
  expect(kept.pid()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(2000)
  expect([children.length, kept.pid(), kept.restarts()]).toEqual([2, 2, 1])
  await kept.stop()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(children).toHaveLength(2)
})
