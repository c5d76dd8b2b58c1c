import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const pages = fileURLToPath(new URL('pages', import.meta.url))
const titleOf = (page) =>
  /^# (.*)$/m.exec(readFileSync(`${pages}/${page}.md`, 'utf8'))?.[1]?.replaceAll('`', '') ?? page

/** The lists under "Reference" in `docs/README.md`: `Credentials:`, and below it a line for each page. */
function guides() {
  const [, lists = ''] = readFileSync(`${pages}/index.md`, 'utf8').split('\n## Reference\n')
  return [...lists.matchAll(/^(\w[^\n:]*):\n\n((?:- .*\n)+)/gm)].map(([, text = '', lines = '']) => ({
    text,
    collapsed: false,
    items: [...lines.matchAll(/\]\(\/([\w/-]+)\.md\)/g)].map(([, page = '']) => ({
      text: titleOf(page),
      link: `/${page}`,
    })),
  }))
}

/** The pages of a folder, in the order in which its own start, or that of the site, leads to them. */
function folder(text, name) {
  const start = `${pages}/${name}/index.md`
  const order = readFileSync(existsSync(start) ? start : `${pages}/index.md`, 'utf8')
  const place = (page) => (page.endsWith('/index') ? 0 : order.indexOf(`/${page}.md`) + 1 || Infinity)
  const items = readdirSync(`${pages}/${name}`)
    .map((file) => `${name}/${file.replace(/\.md$/, '')}`)
    .toSorted((one, other) =>
      place(one) === place(other) ? one.localeCompare(other, 'en') : place(one) - place(other),
    )
  return { text, collapsed: true, items: items.map((page) => ({ text: titleOf(page), link: `/${page}` })) }
}

export const sidebar = [
  { text: 'Start', link: '/' },
  { ...folder('Packages', 'packages'), collapsed: false },
  folder('Recipes', 'recipes'),
  ...guides(),
  folder('Examples', 'examples'),
  folder('Project', 'project'),
]
