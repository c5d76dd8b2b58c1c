import { afterEach, describe, expect, it, vi } from 'vitest'
import { turns } from './turns.ts'

afterEach(() => void vi.unstubAllGlobals())

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

describe('turns', () => {
  it('run few steps at once, and the rest in their order in later turns', async () => {
    const { run } = turns(3)
    const seen: number[] = []
    for (let index = 0; index < 8; index++) run(() => seen.push(index))
    expect(seen).toEqual([0, 1, 2])
    await nextTurn()
    expect(seen).toEqual([0, 1, 2, 3, 4, 5])
    await nextTurn()
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('begin anew with each turn, if nothing waits', async () => {
    const { run } = turns(2)
    const seen: number[] = []
    for (let round = 0; round < 3; round++) {
      run(() => seen.push(round))
      run(() => seen.push(round))
      await nextTurn()
    }
    expect(seen).toEqual([0, 0, 1, 1, 2, 2])
  })

  it('keep their order: a step that is given while others wait is run after them', async () => {
    const { run } = turns(1)
    const seen: string[] = []
    const again = (name: string, times: number): void =>
      run(() => {
        seen.push(name)
        if (times > 1) again(name, times - 1)
      })
    again('a', 3)
    again('b', 3)
    for (let turn = 0; turn < 6; turn++) await nextTurn()
    expect(seen).toEqual(['a', 'a', 'b', 'a', 'b', 'b'])
  })

  it('end when the weight of their steps is reached, however heavy one is', async () => {
    const { run } = turns(10)
    const seen: string[] = []
    for (const [name, weight] of [
      ['a', 9],
      ['b', 1000],
      ['c', 1000],
      ['d', 5],
      ['e', 5],
      ['f', 1],
    ] as const) {
      run(() => seen.push(name), weight)
    }
    expect(seen).toEqual(['a', 'b'])
    await nextTurn()
    expect(seen).toEqual(['a', 'b', 'c'])
    await nextTurn()
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e'])
    await nextTurn()
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('can be run to their end at once', async () => {
    const { run, flush } = turns(1)
    const seen: number[] = []
    for (let index = 0; index < 5; index++) run(() => seen.push(index))
    flush()
    expect(seen).toEqual([0, 1, 2, 3, 4])
    await nextTurn()
    expect(seen).toHaveLength(5)
  })

  it('are one on a runtime whose timers end with a request', () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const { run, flush } = turns(1)
    const seen: number[] = []
    for (let index = 0; index < 5; index++) run(() => seen.push(index))
    flush()
    expect(seen).toEqual([0, 1, 2, 3, 4])
  })

  it('work where there is no setImmediate', async () => {
    vi.stubGlobal('setImmediate', undefined)
    const { run } = turns(1)
    const seen: number[] = []
    const last = new Promise<void>((resolve) => {
      run(() => seen.push(0))
      run(() => seen.push(1))
      run(() => resolve())
    })
    const keepsAlive = setTimeout(() => {}, 60_000)
    await last
    clearTimeout(keepsAlive)
    expect(seen).toEqual([0, 1])
  })
})
