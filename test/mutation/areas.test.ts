import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

type Suites = Readonly<Record<string, readonly string[]>>
interface Areas {
  readonly limits: Readonly<Record<string, Suites>>
  readonly decideNothing: readonly string[]
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string): string => readFileSync(`${root}${name}`, 'utf8')
const { limits, decideNothing }: Areas = JSON.parse(read('test/mutation/areas.json'))
const areas = Object.values(limits).flatMap((each) => Object.entries(each))
const names = areas.map(([name]) => name)

/** The folder of a package, or a folder of its sources. */
function folderOf(name: string): string {
  const [folder, ...path] = name.split('/')
  return ['packages', folder, 'src', ...path].join('/')
}

it.each(areas)('the area %s has sources and suites', (name, suites) => {
  expect(existsSync(root + folderOf(name))).toBe(true)
  const empty = suites.filter((each) => each !== 'vectors' && testsIn(folderOf(each)).length === 0)
  expect([suites.length > 0, empty]).toEqual([true, []])
})

function testsIn(folder: string): readonly string[] {
  const files = readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
  return files.filter((file) => file.endsWith('.test.ts'))
}

it('every package decides in an area, or decides nothing', () => {
  const packages = readdirSync(`${root}packages`).filter((each) => existsSync(`${root}packages/${each}/src`))
  const inAreas = new Set(names.map((name) => name.split('/')[0] ?? ''))
  expect([...inAreas, ...decideNothing].toSorted()).toEqual(packages.toSorted())
})

it('the commands of the documents name areas that there are', () => {
  const commands = ['test/README.md', 'CONTRIBUTING.md'].flatMap((page) =>
    [...read(page).matchAll(/^npm run mutation(?: -- (?<given>[^#\n]*))?/gm)].map(
      ({ groups }) => groups?.['given'] ?? '',
    ),
  )
  expect(commands.length).toBeGreaterThan(3)
  const named = commands.flatMap((given) => given.trim().split(/\s+/)).filter((word) => /^[a-z]/.test(word))
  expect(named.length).toBeGreaterThan(3)
  const isKnown = (name: string): boolean =>
    existsSync(root + folderOf(name)) &&
    names.some((area) => area.startsWith(`${name}/`) || `${name}/`.startsWith(`${area}/`))
  expect(named.filter((name) => !isKnown(name))).toEqual([])
})
