import { describe, expect, it, vi } from 'vitest'
import { fixedClock, settled, thrownBy } from '../../../test/fakes.ts'
import { NoWorkersError, IDLE_MS, passwordWorkers } from './password-workers.ts'
import { startWorker } from './start-worker.ts'
import { type Question, READY } from './worker-protocol.ts'
import type { WorkerThread } from '../platform/platform.ts'

/** A thread whose worker says what it is told to. */
function fakeThread() {
  const listeners = new Map<string, (value: unknown) => void>()
  const questions: Question[] = []
  let keepsAlive = true
  let isTerminated = false
  const thread: WorkerThread = {
    postMessage: (message) => questions.push(message as Question),
    on: (event, listener) => listeners.set(event, listener),
    ref: () => (keepsAlive = true),
    unref: () => (keepsAlive = false),
    terminate: () => (isTerminated = true),
  }
  return {
    thread,
    questions,
    emit: (event: 'message' | 'messageerror' | 'error' | 'exit', value?: unknown): void =>
      listeners.get(event)?.(value),
    get keepsAlive() {
      return keepsAlive
    },
    get isTerminated() {
      return isTerminated
    },
  }
}

async function startedWorker() {
  const clock = fixedClock()
  const fake = fakeThread()
  const starting = startWorker(() => fake.thread, clock)
  fake.emit('message', READY)
  return { clock, fake, worker: await starting }
}

describe('a worker', () => {
  it('is there when it says so, and keeps the process alive only while it checks', async () => {
    const { fake, worker, clock } = await startedWorker()
    expect([fake.keepsAlive, clock.pending]).toEqual([false, 0])
    const check = worker.check('hash', 'password')
    expect([fake.keepsAlive, fake.questions]).toEqual([true, [{ id: 1, hash: 'hash', password: 'password' }]])
    fake.emit('message', { id: 1, isRight: true })
    expect(await check).toBe(true)
    expect(fake.keepsAlive).toBe(false)
  })

  it('is sent nothing before it says what it is', async () => {
    const clock = fixedClock()
    const fake = fakeThread()
    const starting = thrownBy(() => startWorker(() => fake.thread, clock))
    for (const message of ['ready', { id: 1, isRight: true }, undefined]) fake.emit('message', message)
    clock.advance(30_000)
    expect(await starting).toMatchObject({ message: 'the worker did not start in time' })
    expect([fake.questions, fake.isTerminated]).toEqual([[], true])
  })

  it.each([
    ['throws', 'error', new Error('ERR_MODULE_NOT_FOUND')],
    ['ends', 'exit', 1],
    ['sends what cannot be read', 'messageerror', new Error('odd')],
  ] as const)('cannot be started where it %s at once', async (_, event, value) => {
    const fake = fakeThread()
    const starting = thrownBy(() => startWorker(() => fake.thread, fixedClock()))
    fake.emit(event, value)
    expect(await starting).toBeInstanceOf(Error)
    expect([fake.isTerminated, fake.keepsAlive]).toEqual([true, false])
  })

  it('cannot be started where the runtime does not start threads', async () => {
    const refuses = (): never => {
      throw new Error('ERR_ACCESS_DENIED')
    }
    expect(await thrownBy(() => startWorker(refuses, fixedClock()))).toMatchObject({
      message: 'ERR_ACCESS_DENIED',
    })
  })

  it.each([
    ['no verdict', { id: 1 }],
    ['a verdict that is a text', { id: 1, isRight: 'true' }],
    ['a verdict that is a number', { id: 1, isRight: 1 }],
    ['an object for a verdict', { id: 1, isRight: {} }],
  ])('has not checked anything with %s', async (_, answer) => {
    const { fake, worker } = await startedWorker()
    const check = thrownBy(() => worker.check('hash', 'password'))
    fake.emit('message', answer)
    expect(await check).toBeInstanceOf(Error)
    expect(worker.isOver).toBe(false)
  })

  it('is believed about what it was asked and nothing else', async () => {
    const { fake, worker } = await startedWorker()
    fake.emit('message', { id: 1, isRight: true })
    const first = worker.check('hash', 'wrong')
    for (const message of [{ id: 2, isRight: true }, { id: '1', isRight: true }, true, null, READY]) {
      fake.emit('message', message)
    }
    fake.emit('message', { id: 1, isRight: false })
    expect(await first).toBe(false)
    const second = worker.check('hash', 'wrong')
    fake.emit('message', { id: 1, isRight: true })
    fake.emit('message', { id: 2, isRight: false })
    expect(await second).toBe(false)
  })

  it.each([
    ['throws', 'error', new Error('out of memory')],
    ['ends', 'exit', 0],
    ['sends what cannot be read', 'messageerror', new Error('odd')],
  ] as const)('that %s during a check gives no verdict, and is over', async (_, event, value) => {
    const { fake, worker } = await startedWorker()
    const check = thrownBy(() => worker.check('hash', 'password'))
    fake.emit(event, value)
    expect(await check).toBeInstanceOf(Error)
    expect(worker.isOver).toBe(true)
    expect(await thrownBy(() => worker.check('hash', 'password'))).toBeInstanceOf(Error)
    fake.emit('message', { id: 1, isRight: true })
    expect(fake.questions).toHaveLength(1)
  })

  it('checks one password at a time', async () => {
    const { fake, worker } = await startedWorker()
    const first = worker.check('hash', 'a')
    expect(await thrownBy(() => worker.check('hash', 'b'))).toBeInstanceOf(Error)
    fake.emit('message', { id: 1, isRight: true })
    expect(await first).toBe(true)
  })
})

/** Workers that begin and answer when they are told to. */
function pool({
  maxWorkers = 2,
  cannotStart = () => false,
}: { maxWorkers?: number; cannotStart?: () => boolean } = {}) {
  const clock = fixedClock()
  const threads: ReturnType<typeof fakeThread>[] = []
  const start = vi.fn(async () => {
    if (cannotStart()) throw new Error('ERR_WORKER_INIT_FAILED')
    const fake = fakeThread()
    threads.push(fake)
    const starting = startWorker(() => fake.thread, clock)
    fake.emit('message', READY)
    return starting
  })
  const check = passwordWorkers({ start, maxWorkers, clock })
  /** Ends all checks that are under way: a password is right when it says so. */
  const answer = async (): Promise<void> => {
    await settled()
    for (const { questions, emit } of threads) {
      const { id, password } = questions.at(-1) ?? { id: 0, password: '' }
      emit('message', { id, isRight: password === 'right' })
    }
    await settled()
  }
  return { clock, threads, start, check, answer }
}

describe('a pool of workers', () => {
  it('starts none before there is something to check', () => {
    expect(pool().start).not.toHaveBeenCalled()
  })

  it('has no more workers than it may, and keeps what waits in order', async () => {
    const { threads, start, check, answer } = pool()
    const checks = ['right', 'wrong', 'wrong', 'right', 'wrong'].map((password) => check('hash', password))
    await settled()
    expect(start).toHaveBeenCalledTimes(2)
    expect(threads.map(({ questions }) => questions.length)).toEqual([1, 1])
    for (let round = 0; round < 3; round++) await answer()
    expect(await Promise.all(checks)).toEqual([true, false, false, true, false])
    expect(start).toHaveBeenCalledTimes(2)
  })

  it('uses a worker again, and ends it when there is nothing to do', async () => {
    const { clock, threads, start, check, answer } = pool()
    for (let count = 0; count < 3; count++) {
      clock.advance(IDLE_MS - 1)
      const checking = check('hash', 'right')
      await answer()
      expect(await checking).toBe(true)
    }
    expect(start).toHaveBeenCalledOnce()
    clock.advance(IDLE_MS)
    expect(threads[0]?.isTerminated).toBe(true)
    const checking = check('hash', 'right')
    await answer()
    expect(await checking).toBe(true)
    expect(start).toHaveBeenCalledTimes(2)
  })

  it('says unavailable where a worker goes, and has another one for the next check', async () => {
    const { threads, start, check, answer } = pool({ maxWorkers: 1 })
    const first = thrownBy(() => check('hash', 'secret password'))
    const second = check('hash', 'right')
    await settled()
    threads[0]?.emit('error', new Error('secret password'))
    const error = await first
    expect(error).toMatchObject({ code: 'unavailable' })
    expect(String((error as Error).stack)).not.toContain('secret password')
    expect(error).not.toHaveProperty('cause')
    await answer()
    expect(await second).toBe(true)
    expect(start).toHaveBeenCalledTimes(2)
  })

  it('replaces a worker that goes while it rests', async () => {
    const { threads, start, check, answer } = pool({ maxWorkers: 1 })
    const first = check('hash', 'wrong')
    await answer()
    expect(await first).toBe(false)
    threads[0]?.emit('exit', 1)
    const second = check('hash', 'right')
    await answer()
    expect(await second).toBe(true)
    expect(start).toHaveBeenCalledTimes(2)
  })

  it('says that there are no workers where none can ever be started, to all who wait, and tries no more', async () => {
    const { start, check } = pool({ maxWorkers: 1, cannotStart: () => true })
    const errors = await Promise.all([1, 2, 3].map(() => thrownBy(() => check('hash', 'right'))))
    for (const error of errors) expect(error).toBeInstanceOf(NoWorkersError)
    start.mockClear()
    expect(await thrownBy(() => check('hash', 'right'))).toBeInstanceOf(NoWorkersError)
    expect(start).not.toHaveBeenCalled()
  })

  it('says unavailable where one could be started before, and tries again', async () => {
    let isOutOfMemory = false
    const { threads, check, answer } = pool({ maxWorkers: 1, cannotStart: () => isOutOfMemory })
    const first = check('hash', 'right')
    await answer()
    expect(await first).toBe(true)
    threads[0]?.emit('exit', 1)
    isOutOfMemory = true
    for (let count = 0; count < 3; count++) {
      expect(await thrownBy(() => check('hash', 'right'))).toMatchObject({ code: 'unavailable' })
    }
    isOutOfMemory = false
    const last = check('hash', 'right')
    await answer()
    expect(await last).toBe(true)
  })
})
