import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { documents, foldersIn, root } from '../readme/documents.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
/** Without blocks of code. */
const prose = (path: string): string => read(path).replaceAll(/^(```+)[^]*?^\1$/gm, '')

interface Manifest {
  readonly name: string
  readonly private?: boolean
}
const packages = foldersIn('packages')
  .map((folder) => ({ folder, ...(JSON.parse(read(`${folder}/package.json`)) as Manifest) }))
  .filter((each) => each.private !== true)

/** The headings that CONTRIBUTING.md lists, in this order; `Options` may say of what. */
const OUTLINE = ['Install', 'Use', 'Options', 'Events and errors', 'Security and limits', 'See also']

describe.each(packages)('the README of $name', ({ folder, name }) => {
  const text = prose(`${folder}/README.md`)
  const headings = (text.match(/(?<=^## ).*/gm) ?? []).map((heading) =>
    heading.replace(/^Options of .*/, 'Options'),
  )

  it('has the headings of the outline in order', () => {
    expect(text.startsWith(`# ${name}\n`)).toBe(true)
    const known = headings.filter((heading) => OUTLINE.includes(heading))
    expect(known.filter((heading, index) => heading !== known[index - 1])).toEqual(OUTLINE)
  })

  it('begins with what it is, and ends with links', () => {
    expect(text.split('\n## ')[0]?.split('\n').slice(1).join('').length).toBeGreaterThan(60)
    expect(headings.slice(0, 2)).toEqual(['Install', 'Use'])
    expect(headings.at(-1)).toBe('See also')
    expect(text.split('\n## See also\n')[1]).toMatch(/\]\(/)
  })

  it('installs itself, and shows a program of at most thirty lines', () => {
    const [, install = '', use = ''] = read(`${folder}/README.md`).split(/^## (?:Install|Use)$/m)
    expect(install).toContain(name)
    const [program = ''] = use.match(/(?<=^```ts\n)[^]*?(?=^```$)/m) ?? []
    expect(program).toContain(name)
    expect(program.split('\n').length).toBeLessThanOrEqual(30)
  })
})

describe('CONTRIBUTING.md', () => {
  const text = prose('CONTRIBUTING.md')

  it('states this outline', () => {
    expect(text.match(/(?<=^\d\. `## )[^`]+/gm)).toEqual(OUTLINE)
  })

  it('has ten steps for a new authenticator', () => {
    const [, steps = ''] = text.split('\n## A new authenticator in ten steps\n')
    expect(steps.match(/^\d+(?=\. )/gm)).toEqual(Array.from({ length: 10 }, (_, index) => String(index + 1)))
  })

  it('names files that exist', () => {
    const paths = [...text.matchAll(/[`( ](?:node )?((?:packages|docs|test|examples|\.ci)\/[\w./-]+)/g)].map(
      ([, path = '']) => path,
    )
    expect(paths.length).toBeGreaterThan(15)
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})

const linked = (text: string): readonly string[] =>
  [...text.matchAll(/\]\(([^)#\s]+)/g)].map(([, path = '']) => path)

describe('docs/README.md', () => {
  const start = prose('docs/README.md')
  it('lists every page once, with a line about it', () => {
    const pages = readdirSync(join(root, 'docs')).filter(
      (file) => file.endsWith('.md') && file !== 'README.md',
    )
    const listed = [...start.matchAll(/^- \[([\w-]+\.md)\]\(\1\): \S.{20,}/gm)].map(([, page = '']) => page)
    expect(listed.toSorted()).toEqual(pages.toSorted())
  })

  it.each(['recipes', 'providers'])(
    'leads to the folder %s, whose start lists every page and file',
    (folder) => {
      expect(linked(start)).toContain(`${folder}/README.md`)
      const files = readdirSync(join(root, 'docs', folder)).filter((file) => file !== 'README.md')
      expect(files.length).toBeGreaterThan(10)
      const links = linked(prose(`docs/${folder}/README.md`))
      expect(files.filter((file) => !links.includes(file))).toEqual([])
    },
  )

  it('leads to every package, and the root README leads to the same', () => {
    const readmes = packages.map(({ folder }) => `${folder}/README.md`)
    expect(readmes.filter((path) => !linked(start).includes(`../${path}`))).toEqual([])
    const beginning = prose('README.md')
    expect(readmes.filter((path) => !linked(beginning).includes(path))).toEqual([])
    expect(linked(beginning)).toContain('docs/README.md')
  })

  it.each(['Choose your framework', 'Choose your credential'])(
    'has the section %s of the root README',
    (heading) => {
      expect(start).toContain(`\n## ${heading}\n`)
      expect(prose('README.md')).toContain(`\n## ${heading}\n`)
    },
  )
})

it('the root README leads to every example', () => {
  const examples = foldersIn('examples').filter((folder) => folder !== 'examples/material')
  expect(examples.filter((folder) => !linked(prose('README.md')).includes(folder))).toEqual([])
})

it.each(documents())('%s has no table cell of more than 160 characters', (document) => {
  const cells = prose(document)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .flatMap((row) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  expect(cells.filter((cell) => cell.length > 160)).toEqual([])
})
