import { describe, expect, it } from 'vitest'
import { circlesIn, reachedFrom, readSources } from './sources.ts'

const sources = readSources()
const linesOf = (some: readonly string[]): number =>
  some.reduce((sum, file) => sum + (sources.get(file)?.lines ?? 0), 0)

describe('the sources of the packages', () => {
  it('import each other in no circle, by types and import() either', () => {
    expect(circlesIn(sources)).toEqual([])
  })

  it('have no file of more than 300 lines', () => {
    expect([...sources].filter(([, { lines }]) => lines > 300).map(([file]) => file)).toEqual([])
  })
})

describe('what a reader of an authenticator opens', () => {
  it.each([{ authenticator: 'packages/core/src/token/file/token-file.ts', mostFiles: 55, mostLines: 3500 }])(
    'for $authenticator is at most $mostFiles files and $mostLines lines of its package',
    ({ authenticator, mostFiles, mostLines }) => {
      const own = (file: string): readonly string[] =>
        [...(sources.get(file)?.imports ?? [])].filter((imported) => imported.startsWith('packages/core/'))
      const reached = reachedFrom([authenticator], own)
      expect(reached).toContain(authenticator)
      expect(reached.slice(mostFiles)).toEqual([])
      expect(linesOf(reached)).toBeLessThanOrEqual(mostLines)
    },
  )
})
