import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'oxc-parser'
import { expect, it } from 'vitest'
import { filesBelow } from '../files.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Habits that make a sentence hard to read; the glossary of `docs/architecture.md` has the terms to use. */
const HABITS =
  /\b(?:somebody|nobody|everybody|anybody|whoever|whom)\b|\bis no (?:text|list|object|string|number)\b|\bcalled off\b|\bas good as\b|\btexts\b/i

const files = ['packages', 'examples', 'docs', 'test']
  .flatMap((folder) => filesBelow(join(root, folder)).map((file) => `${folder}/${file}`))
  .concat('README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'VERSIONING.md', 'CODE_OF_CONDUCT.md')
  .filter((file) => !/(?:^|\/)(?:node_modules|dist|\.[\w-]+)\//.test(file))

function proseOf(file: string): string {
  const text = readFileSync(join(root, file), 'utf8')
  // Few files have to be parsed.
  if (!HABITS.test(text)) return ''
  if (file.endsWith('.md')) return text.replaceAll(/```[^`]*```|`[^`]*`/g, '')
  const { comments, program } = parseSync(file, text)
  return [
    ...comments.map(({ value }) => value.replaceAll(/`[^`]*`|'[^']*'|"[^"]*"/g, '')),
    ...sentencesIn(program),
  ].join('\n')
}

/** The strings of several words, such as messages, help and the titles of tests. */
function sentencesIn(node: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null) return []
  const { type, value } = node as { readonly type?: unknown; readonly value?: unknown }
  const text = type === 'TemplateElement' ? (value as { readonly raw: string }).raw : value
  if ((type === 'Literal' || type === 'TemplateElement') && typeof text === 'string') {
    return / \S+ /.test(text) ? [text] : []
  }
  return Object.values(node).flatMap((each) => sentencesIn(each))
}

it.each([
  ['sources', (file: string) => /^(?:packages|examples)\/.*(?<!\.test|\.d)\.ts$/.test(file), 500],
  ['tests', (file: string) => /^(?:packages|examples|test)\/.*(?<!english)\.test\.ts$/.test(file), 300],
  ['documents', (file: string) => file.endsWith('.md'), 30],
])('the %s are in plain English', (_, isMeant, atLeast) => {
  const meant = files.filter(isMeant)
  expect(meant.length).toBeGreaterThan(atLeast)
  const found = meant.flatMap((file) =>
    proseOf(file)
      .split('\n')
      .filter((line) => HABITS.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  )
  expect(found).toEqual([])
})
