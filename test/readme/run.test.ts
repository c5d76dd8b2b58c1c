import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { snippets } from './documents.ts'
import { makeProject } from './project.ts'

/** Documents whose TypeScript runs as it is, without missing files or addresses. */
const DOCUMENTS = new Set(['docs/testing.md', 'packages/testing/README.md'])
/** Snippets with assertions are run in every document. */
const ASSERTS = "from 'node:assert/strict'"
const programs = snippets().filter(
  ({ document, language, code }) => language === 'ts' && (DOCUMENTS.has(document) || code.includes(ASSERTS)),
)

let project: string
beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'documented-')))
  makeProject(project)
  writeFileSync(join(project, 'collected.ts'), COLLECTED)
})
afterAll(() => rmSync(project, { recursive: true }))

/** In the place of Node's runner of tests, which prints, and fails by the status of the process. */
const COLLECTED = `export const runs: (() => unknown)[] = []
export const test = (_name: string, run: () => unknown) => runs.push(run)
`

it.each(programs)('$place runs, and finds what it expects', async ({ code, place }) => {
  const path = join(project, `${place.replaceAll(/\W+/g, '-')}.ts`)
  writeFileSync(path, code.replace("from 'node:test'", "from './collected.ts'"))
  await expect(import(pathToFileURL(path).href)).resolves.toBeDefined()
  const collected: unknown = await import(pathToFileURL(join(project, 'collected.ts')).href)
  const { runs } = collected as { readonly runs: (() => unknown)[] }
  for (const run of runs.splice(0)) await run()
})
