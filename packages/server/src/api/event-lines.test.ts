import { describe, expect, it, vi } from 'vitest'
import { eventLine } from './read-requests.ts'

const eventOf = (): Parameters<typeof eventLine>[0] => ({
  type: 'ADDED',
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
})

describe('the line of an event', () => {
  it('is made once for all watches of a form at a time', () => {
    const event = eventOf()
    const made = vi.fn<() => string>(() => '{}')
    for (const name of ['object', 'table']) {
      for (let watch = 0; watch < 3; watch++) eventLine(event, { name, atSeconds: 7 }, made)
    }
    expect(made).toHaveBeenCalledTimes(2)
  })

  it('is kept for the last time only, however often an event is shown', () => {
    const event = eventOf()
    const made = vi.fn<(atSeconds: number) => string>(String)
    const lineAt = (atSeconds: number): string =>
      new TextDecoder().decode(eventLine(event, { name: 'table', atSeconds }, () => made(atSeconds)))
    expect([1, 2, 2, 1, 1].map(lineAt)).toEqual(['1\n', '2\n', '2\n', '1\n', '1\n'])
    expect(made.mock.calls).toEqual([[1], [2], [1]])
  })
})
