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

  it('have no function of more than 80 lines', () => {
    const long = [...sources].flatMap(([file, { functions }]) =>
      functions.filter(({ lines }) => lines > 80).map(({ line }) => `${file}:${line}`),
    )
    expect(long).toEqual([])
  })

  it('have few files of at most 20 lines', () => {
    const short = [...sources].filter(([, { lines }]) => lines <= 20)
    expect(short.length / sources.size).toBeLessThan(0.08)
  })

  it.each([
    { folder: 'packages/', mostLines: 113_000 },
    { folder: 'packages/core/', mostLines: 30_000 },
  ])('below $folder have at most $mostLines lines', ({ folder, mostLines }) => {
    expect(linesOf([...sources.keys()].filter((file) => file.startsWith(folder)))).toBeLessThan(mostLines)
  })
})

describe('what a reader of an authenticator opens', () => {
  it.each([
    { authenticator: 'packages/core/src/token/file/token-file.ts', mostFiles: 55, mostLines: 3500 },
    { authenticator: 'packages/core/src/token/oidc/oidc.ts', mostFiles: 70, mostLines: 5700 },
  ])(
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
