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
})
afterAll(() => rmSync(project, { recursive: true }))

it.each(programs)('$place runs, and finds what it expects', async ({ code, place }) => {
  const path = join(project, `${place.replaceAll(/\W+/g, '-')}.ts`)
  writeFileSync(path, code)
  await expect(import(pathToFileURL(path).href)).resolves.toBeDefined()
})
