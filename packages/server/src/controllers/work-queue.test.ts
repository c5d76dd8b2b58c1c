import { describe, expect, it } from 'vitest'
import { fixedClock, settled } from '../../../core/test/fakes.ts'
import { workQueue, type WorkQueueOptions } from './work-queue.ts'

const identity = (name: string): string => name

function queueOf(work: (name: string) => unknown, more: Partial<WorkQueueOptions<string>> = {}) {
  const clock = fixedClock()
  const worked: string[] = []
  const queue = workQueue<string>({
    keyOf: identity,
    work: async (name) => {
      worked.push(name)
      await work(name)
    },
    maxConcurrent: 2,
    maxDelayMs: 1_000_000,
    clock,
    ...more,
  })
  /** Settles when nothing is left to do now. */
  const add = (...names: readonly string[]): Promise<void> => {
    for (const name of names) queue.put(name)
    return queue.idle()
  }
  return { clock, worked, queue, add }
}

/** Work that goes on until it is let go, by name. */
function held() {
  const doors = new Map<string, () => void>()
  return {
    work: (name: string) => new Promise<void>((resolve) => void doors.set(name, resolve)),
    letGo: async (name: string): Promise<void> => {
      doors.get(name)?.()
      await settled()
    },
  }
}

describe('a work queue', () => {
  it('works on an item at once', async () => {
    const { work, letGo } = held()
    const { add, worked } = queueOf(work)
    let isDone = false
    void add('a').then(() => (isDone = true))
    expect(worked).toEqual(['a'])
    await settled()
    expect(isDone).toBe(false)
    await letGo('a')
    expect(isDone).toBe(true)
  })

  it('works on as many as it may at a time, in the order they came', async () => {
    const { work, letGo } = held()
    const { queue, worked } = queueOf(work)
    for (const name of ['a', 'b', 'c', 'd']) queue.put(name)
    await settled()
    expect(worked).toEqual(['a', 'b'])
    await letGo('b')
    expect(worked).toEqual(['a', 'b', 'c'])
    await letGo('a')
    expect(worked).toEqual(['a', 'b', 'c', 'd'])
  })

  it('never works twice at a time on items that are alike, and once for all that come meanwhile', async () => {
    const { work, letGo } = held()
    const { add, worked } = queueOf(work)
    const done = add('a', 'a', 'a', 'a')
    await settled()
    expect(worked).toEqual(['a'])
    await letGo('a')
    expect(worked).toEqual(['a', 'a'])
    await letGo('a')
    await done
    expect(worked).toEqual(['a', 'a'])
  })

  it('takes the last of the items that are alike and wait', async () => {
    const { work, letGo } = held()
    const { queue, worked } = queueOf(work, { keyOf: (name) => name.charAt(0), maxConcurrent: 1 })
    for (const name of ['a1', 'a2', 'a3']) queue.put(name)
    await letGo('a1')
    expect(worked).toEqual(['a1', 'a3'])
  })

  it('takes an item that must wait for its like out of the way of others', async () => {
    const { work } = held()
    const { queue, worked } = queueOf(work)
    for (const name of ['a', 'a', 'b']) queue.put(name)
    await settled()
    expect(worked).toEqual(['a', 'b'])
  })

  it('brings back what failed after 5 ms, each time after twice as long', async () => {
    const { add, worked, clock } = queueOf(() => {
      throw new Error('down')
    })
    await add('a')
    let delayMs = 5
    for (let times = 1; times <= 10; times++) {
      expect(worked).toHaveLength(times)
      clock.advance(delayMs - 1)
      await settled()
      expect(worked).toHaveLength(times)
      clock.advance(1)
      await settled()
      delayMs *= 2
    }
    expect(worked).toHaveLength(11)
  })

  it('counts anew after a success', async () => {
    let isDown = true
    const { add, worked, clock } = queueOf(() => {
      if (isDown) throw new Error('down')
    })
    const advance = async (ms: number): Promise<number> => {
      clock.advance(ms)
      await settled()
      return worked.length
    }
    await add('a')
    expect(await advance(5)).toBe(2)
    isDown = false
    expect(await advance(10)).toBe(3)
    isDown = true
    await add('a')
    expect(await advance(4)).toBe(4)
    expect(await advance(1)).toBe(5)
  })

  it('does not wait when there is news of what is to come back, and does not come back twice', async () => {
    let isDown = true
    const { add, worked, clock } = queueOf(() => {
      if (isDown) throw new Error('down')
    })
    await add('a')
    isDown = false
    await add('a')
    expect(worked).toHaveLength(2)
    expect(clock.pending).toBe(0)
    clock.advance(1_000_000)
    await settled()
    expect(worked).toHaveLength(2)
  })

  it('does not come back later either when its like is in line already', async () => {
    let isDown = true
    const { add, worked, clock } = queueOf(async () => {
      await settled()
      if (!isDown) return
      isDown = false
      throw new Error('down')
    })
    await add('a', 'a')
    expect(worked).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })

  it('takes __proto__ for a name like any other', async () => {
    const { add, worked } = queueOf(() => undefined)
    await add('__proto__', 'constructor', '')
    expect(worked).toEqual(['__proto__', 'constructor', ''])
  })

  it('starts nothing once stopped', async () => {
    const { work, letGo } = held()
    const { queue, add, worked, clock } = queueOf(work, { maxConcurrent: 1 })
    const done = add('a', 'a', 'b')
    queue.stop()
    await letGo('a')
    await done
    await add('c')
    expect(worked).toEqual(['a'])
    expect(clock.pending).toBe(0)
  })

  it('does not come back with what fails after it was stopped', async () => {
    const { queue, add, worked, clock } = queueOf(async () => {
      await settled()
      throw new Error('down')
    })
    const done = add('a')
    queue.stop()
    await done
    expect(worked).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  it('calls off what is to come back when it is stopped', async () => {
    const { queue, add, clock } = queueOf(() => {
      throw new Error('down')
    })
    await add('a')
    expect(clock.pending).toBe(1)
    queue.stop()
    expect(clock.pending).toBe(0)
  })

  it('works through many items', async () => {
    const { add, worked } = queueOf(() => undefined)
    await add(...Array.from({ length: 20_000 }, (_, index) => String(index)))
    expect(worked).toHaveLength(20_000)
  })

  it('takes each item once', async () => {
    const { work, letGo } = held()
    const { queue, worked } = queueOf(work, { maxConcurrent: 1 })
    for (const name of ['a', 'b', 'b', 'a']) queue.put(name)
    await letGo('a')
    await letGo('b')
    await letGo('a')
    expect(worked).toEqual(['a', 'b', 'a'])
  })

  it('puts an item off, unless it comes before', async () => {
    const { clock, queue, add, worked } = queueOf(() => undefined)
    queue.putLater('a', 100)
    queue.putLater('a', 200)
    clock.advance(199)
    await settled()
    expect(worked).toEqual([])
    clock.advance(1)
    await settled()
    expect(worked).toEqual(['a'])
    queue.putLater('a', 100)
    await add('a')
    expect([worked, clock.pending]).toEqual([['a', 'a'], 0])
    queue.putLater('b', 100)
    queue.stop()
    queue.putLater('c', 100)
    expect(clock.pending).toBe(0)
  })

  it('does not put off what waits already', async () => {
    const { work, letGo } = held()
    const { clock, queue, worked } = queueOf(work, { maxConcurrent: 1 })
    queue.put('a')
    queue.put('b')
    queue.putLater('b', 100)
    await letGo('a')
    expect([worked, clock.pending]).toEqual([['a', 'b'], 0])
    await letGo('b')
  })

  it('tries what failed at once when it is told, and nothing else', async () => {
    let isDown = true
    const { clock, queue, add, worked } = queueOf((name) =>
      isDown && name === 'a' ? Promise.reject(new Error('down')) : undefined,
    )
    await add('a')
    queue.putLater('b', 100)
    isDown = false
    queue.retryNow()
    await settled()
    expect([worked, clock.pending]).toEqual([['a', 'a'], 1])
    queue.retryNow()
    await settled()
    expect(worked).toEqual(['a', 'a'])
  })

  it('waits no longer than it may', async () => {
    const { clock, add, worked } = queueOf(() => Promise.reject(new Error('down')), { maxDelayMs: 12 })
    await add('a')
    for (const delayMs of [5, 10, 12, 12]) {
      worked.splice(0)
      clock.advance(delayMs - 1)
      await settled()
      expect(worked).toEqual([])
      clock.advance(1)
      await settled()
      expect(worked).toEqual(['a'])
    }
  })

  it('is idle when nothing is left to do now, also after it was stopped', async () => {
    const { work, letGo } = held()
    const { queue } = queueOf(work, { maxConcurrent: 1 })
    await queue.idle()
    let isIdle = false
    queue.put('a')
    queue.put('b')
    queue.putLater('c', 1000)
    const idle = queue.idle().then(() => (isIdle = true))
    await letGo('a')
    expect(isIdle).toBe(false)
    queue.stop()
    await settled()
    expect(isIdle).toBe(false)
    await letGo('b')
    await idle
    expect(isIdle).toBe(true)
  })

  it('lets the event loop go on among many items', async () => {
    let turns = 0
    const turn = (): void => {
      turns++
      if (worked.length < 1000) setTimeout(turn, 0)
    }
    const { queue, worked } = queueOf(() => undefined)
    for (let index = 0; index < 1000; index++) queue.put(String(index))
    setTimeout(turn, 0)
    await queue.idle()
    expect(worked).toHaveLength(1000)
    expect(turns).toBeGreaterThan(2)
  })
})
