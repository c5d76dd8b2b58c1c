import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { codeBlocks } from '../readme/code-blocks.ts'

/** The pages whose code is run. */
export type Page =
  | 'authorization.md'
  | 'certificates.md'
  | 'forward-authentication.md'
  | 'passport.md'
  | 'tokens.md'

/** Replacements of strings in the code: paths and addresses only. */
export type Replacements = Readonly<Record<string, string>>

/**
 * All code blocks of one language in a section of a page in `docs`: the code that readers copy is the code that runs.
 *
 * @param heading without its number signs.
 * @param page default `certificates.md`.
 * @throws {Error} if there is no such section or code, or a replaced string is missing.
 */
export function documented(
  heading: string,
  language: string,
  replacements: Replacements = {},
  page: Page = 'certificates.md',
): string {
  const markdown = readFileSync(fileURLToPath(new URL(`../../docs/${page}`, import.meta.url)), 'utf8')
  const sections = markdown.split(/^#{1,6} /m)
  const section = sections.find((each) => each.startsWith(`${heading}\n`))
  if (section === undefined) throw new Error(`the page has no section ${heading}`)
  const blocks = codeBlocks(section).filter((block) => block.language === language)
  if (blocks.length === 0) throw new Error(`${heading} has no ${language}`)
  const code = blocks.map((block) => `${block.code}\n`).join('')
  return Object.entries(replacements).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${heading} has no ${from}`)
    return text.replaceAll(from, to)
  }, code)
}

/** The exports of the TypeScript in a section. */
export async function documentedModule<T>(
  heading: string,
  replacements: Replacements,
  page?: Page,
): Promise<T> {
  // Next to this file, so that it imports the packages installed here.
  const file = join(fileURLToPath(new URL('.', import.meta.url)), `.documented-${crypto.randomUUID()}.ts`)
  writeFileSync(file, documented(heading, 'ts', replacements, page))
  try {
    return (await import(pathToFileURL(file).href)) as T
  } finally {
    rmSync(file)
  }
}
