import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sources = join(root, 'packages/core/src')
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
const layers = (/```layers\n([^`]+)```/.exec(page)?.[1] ?? '')
  .trim()
  .split('\n')
  .map((line) => line.split(' '))
const layerOf = new Map(layers.flatMap((rooms, layer) => rooms.map((room) => [room, layer] as const)))

/** The imports of a file, except for types. */
function importsOf(file: string): readonly string[] {
  const code = readFileSync(join(sources, file), 'utf8')
  return [...code.matchAll(/(?:^|\n)(?:import|export)(?! type\b)[^;]*? from '(\.[^']+)'/g)]
    .filter(([statement]) => !/\{(?:\s*type \w+,?)+\s*\}/.test(statement))
    .map(([, specifier = '']) => join(dirname(file), specifier))
}

const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /(?<!\.test)\.ts$/.test(file),
)
const roomOf = (file: string): string => file.split('/')[0] ?? ''

describe('docs/architecture.md', () => {
  it('lists every room of the core once', () => {
    const rooms = new Set(files.filter((file) => file.includes('/')).map(roomOf))
    expect([...layerOf.keys()].toSorted()).toEqual([...rooms].toSorted())
    expect(layers.flat()).toHaveLength(layerOf.size)
  })

  it('has the layers that the imports have', () => {
    const against = files
      .filter((file) => file.includes('/'))
      .flatMap((file) => importsOf(file).map((imported) => ({ file, imported })))
      .filter(
        ({ file, imported }) =>
          (layerOf.get(roomOf(imported)) ?? Infinity) > (layerOf.get(roomOf(file)) ?? -1),
      )
    expect(against).toEqual([])
  })

  it('names files that exist', () => {
    const paths = [...page.matchAll(/`((?:packages|docs|test|\.ci)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    )
    expect(paths.length).toBeGreaterThan(30)
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  it('has its glossary in order', () => {
    const glossary = page.slice(page.indexOf('## Glossary'))
    const terms = [...glossary.matchAll(/^\| ([^|-]+?) +\|/gm)].map(([, term = '']) => term).slice(1)
    expect(terms.length).toBeGreaterThan(35)
    expect(terms).toEqual(terms.toSorted((one, other) => one.localeCompare(other, 'en')))
  })
})
