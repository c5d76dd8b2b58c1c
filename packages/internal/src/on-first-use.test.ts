import { describe, expect, it, vi } from 'vitest'
import { loadedOnFirstUse, onFirstUse } from './on-first-use.ts'

it('onFirstUse makes a value once', () => {
  const make = vi.fn(() => ({}))
  const value = onFirstUse(make)
  expect(make).not.toHaveBeenCalled()
  expect(value()).toBe(value())
  expect(make).toHaveBeenCalledOnce()
})

describe('loadedOnFirstUse', () => {
  it('is a promise until the module is loaded, and then the module', async () => {
    const module = { name: 'module' }
    const load = loadedOnFirstUse(async () => module)
    const first = load()
    expect(first).toBeInstanceOf(Promise)
    expect(await first).toBe(module)
    expect(load()).toBe(module)
  })

  it('gives each caller a promise of its own', () => {
    const load = loadedOnFirstUse(async () => ({}))
    expect(load()).not.toBe(load())
  })

  it('tries again after a failure', async () => {
    const module = {}
    const answers = [Promise.reject(new Error('no such file')), Promise.resolve(module)]
    const load = loadedOnFirstUse(() => answers.shift() ?? Promise.resolve({}))
    await expect(load()).rejects.toThrow('no such file')
    expect(await load()).toBe(module)
  })
})
