import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { kernelList, kernelParts } from './kernel.ts'
import { readSources } from './sources.ts'

const sources = readSources()
const parts = kernelParts(sources)
const linesIn = (names: readonly string[]): number =>
  names.reduce((sum, file) => sum + (sources.get(file)?.lines ?? 0), 0)

describe('the kernel', () => {
  it('is listed in docs/kernel.md', () => {
    const page = readFileSync(new URL('../../docs/kernel.md', import.meta.url), 'utf8')
    expect(/```files\n(.*?)\n```/s.exec(page)?.[1]).toBe(kernelList(sources))
  })

  it.each([
    { what: 'all of it', among: parts, mostFiles: 336, mostLines: 26_000 },
    { what: 'what is in every chain, in Express', among: parts.slice(0, 1), mostFiles: 91, mostLines: 7300 },
  ])('has at most $mostFiles files and $mostLines lines: $what', ({ among, mostFiles, mostLines }) => {
    const files = among.flatMap((part) => part.files)
    expect(files).toContain('packages/core/src/handler/authenticate-request.ts')
    expect(files.slice(mostFiles)).toEqual([])
    expect(linesIn(files)).toBeLessThanOrEqual(mostLines)
  })
})
