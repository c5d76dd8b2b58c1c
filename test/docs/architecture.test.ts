import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readSources } from '../tooling/sources.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')

/** The rows of rooms in a block of the page. */
function layersIn(block: string): readonly (readonly string[])[] {
  const [, rows = ''] = page.split(`\n\`\`\`${block}\n`)
  return (rows.split('\n```')[0] ?? '').split('\n').map((line) => line.split(' '))
}

/** The imports of a file, except for types. */
function importsOf(sources: string, file: string): readonly string[] {
  const code = readFileSync(join(sources, file), 'utf8')
  return [...code.matchAll(/(?:^|\n)(?:import|export)(?! type\b)[^;']*? from '([^']+)'/g)]
    .filter(([statement, specifier = '']) => {
      return specifier.startsWith('.') && !/\{(?:\s*type \w+,?)+\s*\}/.test(statement)
    })
    .map(([, specifier = '']) => join(dirname(file), specifier))
}

describe('docs/architecture.md, about packages', () => {
  const rows = layersIn('packages')
  const packageOf = (file: string): string => file.split('/')[1] ?? ''
  const rowOf = (file: string): number => rows.findIndex((row) => row.includes(packageOf(file)))
  const sources = readSources()

  it('lists every package once', () => {
    expect(rows.flat().toSorted()).toEqual([...new Set([...sources.keys()].map(packageOf))].toSorted())
  })

  it('has the rows that the imports have, of types too', () => {
    const against = [...sources].flatMap(([file, { imports }]) =>
      [...imports]
        .filter((imported) => packageOf(imported) !== packageOf(file) && rowOf(imported) <= rowOf(file))
        .map((imported) => `${packageOf(file)} imports ${packageOf(imported)}`),
    )
    expect([...new Set(against)]).toEqual(['nest imports express'])
  })
})

const roomOf = (file: string): string => file.split('/')[0] ?? ''

describe.each([
  ['core', 'layers'],
  ['server', 'layers of the server'],
])('docs/architecture.md, about the rooms of %s', (folder, block) => {
  const layers = layersIn(block)
  const layerOf = new Map(layers.flatMap((rooms, layer) => rooms.map((room) => [room, layer] as const)))
  const sources = join(root, 'packages', folder, 'src')
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.includes('/') && /(?<!\.test)\.ts$/.test(file),
  )

  it('lists every room once', () => {
    expect([...layerOf.keys()].toSorted()).toEqual([...new Set(files.map(roomOf))].toSorted())
    expect(layers.flat()).toHaveLength(layerOf.size)
  })

  it('has the layers that the imports have', () => {
    const against = files
      .flatMap((file) => importsOf(sources, file).map((imported) => ({ file, imported })))
      .filter(({ imported }) => imported.includes('/'))
      .filter(
        ({ file, imported }) =>
          (layerOf.get(roomOf(imported)) ?? Infinity) > (layerOf.get(roomOf(file)) ?? -1),
      )
    expect(against).toEqual([])
  })
})

describe('docs/architecture.md', () => {
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
