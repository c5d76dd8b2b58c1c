import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { documents, foldersIn, root } from './documents.ts'

/** The document without code, where brackets are not links and `#` is not a heading. */
function prose(document: string): string {
  return readFileSync(join(root, document), 'utf8').replaceAll(/^(```+)[^]*?^\1$/gm, '')
}

/** The anchors of a page: GitHub's of its headings, and those written as `<a id="name"></a>`. */
function anchors(document: string): ReadonlySet<string> {
  const text = prose(document)
  const written = [...text.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, name = '']) => name)
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-'),
  )
  return new Set([...headings, ...written])
}

/** Why a link is broken; `undefined` if it is valid. */
function problemWith(document: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? document : join(dirname(document), path)
  if (!existsSync(join(root, target))) return `${link}: there is no such file`
  if (anchor === undefined || !target.endsWith('.md')) return undefined
  return anchors(target).has(anchor) ? undefined : `${link}: there is no such anchor`
}

it.each(documents())('every link of %s leads somewhere', (document) => {
  const links = [...prose(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const inside = links.filter((link) => !/^[a-z]+:/.test(link))
  expect(inside.flatMap((link) => problemWith(document, link) ?? [])).toEqual([])
})

it.each([...foldersIn('packages'), ...foldersIn('examples')])('%s has a README', (folder) => {
  expect(documents()).toContain(`${folder}/README.md`)
})
