// Changes the links of Markdown documents for places outside the repository: a package on npm, the documentation site.
import { existsSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { root } from './repository.mjs'

export const IMAGE = /\.(?:avif|gif|jpe?g|png|svg|webp)$/i

/** The target of a link or an image, in Markdown or in HTML. */
const LINK = /(?<=\]\(|\b(?:href|src|srcset)=")[^)\s"]+/g

/** The document with each relative link replaced by what `place` returns for its target: a path from the root, and the anchor with its `#`. */
export function mapLinks(document, text, place) {
  const change = (link) => {
    if (/^(?:[a-z][a-z\d+.-]*:|#|\/)/i.test(link)) return link
    const [path, anchor] = link.split(/(?=#)/)
    const target = posix.join(posix.dirname(document), path)
    if (target.startsWith('..') || !existsSync(`${root}${target}`)) {
      throw new Error(`${document} links to ${link}, which does not exist`)
    }
    return place(target.replace(/\/$/, ''), anchor ?? '')
  }
  // Brackets in code are not links.
  return text
    .split(/^(```+[^]*?^```+$)/m)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(LINK, (link) => change(link))))
    .join('')
}

/** The address of a file in the repository, at a tag or branch. */
export function addressIn(url, ref, target, anchor = '') {
  if (IMAGE.test(target)) return `${url}/raw/${ref}/${target}`
  const kind = statSync(`${root}${target}`).isDirectory() ? 'tree' : 'blob'
  return `${url}/${kind}/${ref}/${target}${anchor}`
}
