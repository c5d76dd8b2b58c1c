import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The links of the pages in a folder whose page or anchor does not exist. `base` is the path at which the site is served, with slashes around it. */
export function brokenLinks(folder, base) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.html'),
  )
  const pages = new Map(files.map((file) => [`/${file}`, readFileSync(join(folder, file), 'utf8')]))
  const ids = new Map(
    [...pages].map(([path, html]) => [
      path,
      new Set([...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)),
    ]),
  )
  return [...pages].flatMap(([path, html]) =>
    [...html.matchAll(/<a [^>]*?href="([^"]*)"/g)].flatMap(([, href]) => {
      const problem = problemWith(href.replaceAll('&amp;', '&'), path)
      return problem === undefined ? [] : [`${path}: ${href}: ${problem}`]
    }),
  )

  function problemWith(href, from) {
    if (/^[a-z][a-z\d+.-]*:/i.test(href)) return undefined
    const { pathname, hash } = new URL(href, `https://site.invalid${base}${from.slice(1)}`)
    if (!pathname.startsWith(base)) return 'outside the site'
    const path = `/${pathname.slice(base.length)}`.replace(/\/$/, '/index.html')
    if (!pages.has(path)) return existsSync(join(folder, path)) ? undefined : 'there is no such page'
    if (hash === '' || ids.get(path).has(decodeURIComponent(hash.slice(1)))) return undefined
    return 'there is no such anchor'
  }
}
