import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { codeBlocks } from '../readme/code-blocks.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const files = (folder: string, ending: string): readonly string[] =>
  readdirSync(new URL(folder, import.meta.url))
    .filter((name) => name.endsWith(ending))
    .map((name) => folder + name)

it('every page of docs/recipes has a test that runs its programs', () => {
  const pages = files('../../docs/recipes/', '.md').filter((page) => !page.endsWith('/README.md'))
  const untested = pages.filter((page) => {
    const name = page.replace(/^.*\/|\.md$/g, '')
    const test = `./${name}.test.ts`
    return !files('./', '.test.ts').includes(test) || !read(test).includes(`recipe('${name}'`)
  })
  expect(pages.length).toBeGreaterThan(15)
  expect(untested).toEqual([])
})

it('every dependency is imported by a recipe or its test, or has the types of one', () => {
  const programs = files('../../docs/recipes/', '.md').flatMap((page) => codeBlocks(read(page)))
  const code = [...programs.map((block) => block.code), ...files('./', '.ts').map(read)].join('\n')
  const imported = new Set(
    [...code.matchAll(/(?:from|import) '((?:@[^/']+\/)?[^/'.][^/']*)/g)].map(([, name = '']) => name),
  )
  const isUsed = (name: string): boolean => {
    const [, typed] = /^@types\/(.+)$/.exec(name) ?? []
    if (typed === undefined) return imported.has(name)
    return typed === 'node' || imported.has(typed.includes('__') ? `@${typed.replace('__', '/')}` : typed)
  }
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
    'dependencies' | 'devDependencies',
    Readonly<Record<string, string>>
  >
  const names = [...Object.keys(dependencies), ...Object.keys(devDependencies)]
  expect(names.length).toBeGreaterThan(30)
  expect(names.filter((name) => !isUsed(name))).toEqual([])
})
