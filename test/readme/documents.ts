import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CodeBlock, codeBlocks } from './code-blocks.ts'

/** The root of the workspace, with a slash at its end. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** A code block and where it is. */
export interface Snippet extends CodeBlock {
  /** Relative to the root, with slashes. */
  readonly document: string
  /** `packages/core/README.md:12`. */
  readonly place: string
}

/** All public documents: every README, and the pages in `docs` and its folders; relative to the root, with slashes. */
export function documents(): readonly string[] {
  return [
    'README.md',
    ...foldersIn('packages').map((folder) => `${folder}/README.md`),
    ...foldersIn('examples').map((folder) => `${folder}/README.md`),
    ...pagesIn('docs'),
  ].filter((document) => existsSync(join(root, document)))
}

/** All code blocks of {@link documents} that are checked. */
export function snippets(): readonly Snippet[] {
  return documents()
    .flatMap((document) =>
      codeBlocks(readFileSync(join(root, document), 'utf8')).map((block) => ({
        ...block,
        document,
        place: `${document}:${block.line}`,
      })),
    )
    .filter((snippet) => snippet.notChecked === undefined)
}

/** The workspace packages in a folder, for example `packages/core`. */
export function foldersIn(folder: string): readonly string[] {
  return entriesOf(folder).filter((path) => existsSync(join(root, path, 'package.json')))
}

/** The Markdown files in a folder and its folders, except hidden ones. */
function pagesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .toSorted((one, other) => one.name.localeCompare(other.name, 'en'))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) return pagesIn(path)
      return path.endsWith('.md') ? [path] : []
    })
}

function entriesOf(folder: string): readonly string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder))
    .toSorted()
    .map((name) => `${folder}/${name}`)
}
