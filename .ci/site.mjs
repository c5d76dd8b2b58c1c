// Builds the documentation site from `docs` and the README files, by one command: `npm run docs`.
//
// 1. Every document is copied to `docs/.vitepress/pages`, at its path on the site, with its links changed to match. Files that are no pages are linked in the repository.
// 2. VitePress makes the site of them, in `docs/.vitepress/dist`. A link to a page that does not exist fails the build.
// 3. The documents are written as Markdown too: https://llmstxt.org describes `llms.txt`.
// 4. Every link and anchor of the result is checked.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'vitepress'
import { addressIn, IMAGE, mapLinks } from './links.mjs'
import { publicFolders } from './pack.mjs'
import { repository, root } from './repository.mjs'
import { brokenLinks } from './site-links.mjs'

const site = join(root, 'docs/.vitepress')
const pages = join(site, 'pages')
const output = join(site, 'dist')

/** The path of each document on the site. */
const places = new Map([
  ['docs/README.md', 'index.md'],
  ...markdownIn('docs').map((name) => [`docs/${name}`, name]),
  ...['recipes', 'providers'].flatMap((folder) => [
    [`docs/${folder}/README.md`, `${folder}/index.md`],
    ...markdownIn(`docs/${folder}`).map((name) => [`docs/${folder}/${name}`, `${folder}/${name}`]),
  ]),
  ...publicFolders().map((name) => [`packages/${name}/README.md`, `packages/${name}.md`]),
  ...foldersIn('examples').map((name) => [`examples/${name}/README.md`, `examples/${name}.md`]),
  ...['CONTRIBUTING', 'SECURITY', 'VERSIONING', 'CODE_OF_CONDUCT'].map((name) => [
    `${name}.md`,
    `project/${name.toLowerCase().replaceAll('_', '-')}.md`,
  ]),
])

/** The document with the links that are right at `place`, or absolute ones if `base` is given. */
function pageOf(document, base) {
  const text = readFileSync(join(root, document), 'utf8')
  return mapLinks(document, text, (target, anchor) => {
    const page = places.get(target) ?? places.get(`${target}/README.md`)
    if (base === undefined && IMAGE.test(target)) return copyImage(target)
    if (page === undefined) return addressIn(repository.url, 'HEAD', target, anchor)
    return base === undefined ? `/${page}${anchor}` : `${base}${page}${anchor}`
  })
}

function copyImage(target) {
  const copy = join(pages, 'public', target)
  mkdirSync(dirname(copy), { recursive: true })
  copyFileSync(join(root, target), copy)
  return `/${target}`
}

function writePages() {
  rmSync(pages, { recursive: true, force: true })
  for (const [document, place] of places) write(join(pages, place), pageOf(document))
}

/** Every document as Markdown, at the address of its page with `.md`; a list of them; and all in one file. */
function writeForModels() {
  const all = [...places].map(([document, place]) => {
    const text = pageOf(document, repository.site)
    return { document, place, text, title: /^# (.*)$/m.exec(text)[1], address: `${repository.site}${place}` }
  })
  for (const { place, text } of all) write(join(output, place), text)
  const sections = [
    ['Guides', 'docs/'],
    ['Packages', 'packages/'],
    ['Examples', 'examples/'],
    ['Project', ''],
  ]
  const listed = new Set()
  const lists = sections.map(([heading, prefix]) => {
    const here = all.filter((each) => each.document.startsWith(prefix) && !listed.has(each))
    for (const each of here) listed.add(each)
    const lines = here.map(({ title, address, text }) => `- [${title}](${address}): ${summaryOf(text)}`)
    return `## ${heading}\n\n${lines.join('\n')}\n`
  })
  const { description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const head = `# kube-authn\n\n> ${description}\n`
  write(join(output, 'llms.txt'), [head, ...lists].join('\n'))
  const texts = all.map(({ text, address }) => `<!-- ${address} -->\n\n${text}`)
  write(join(output, 'llms-full.txt'), [head, ...texts].join('\n'))
}

/** The first sentence of a document, as plain text. */
function summaryOf(text) {
  const paragraph = text.split(/\n\n+/).find((each) => /^[\p{L}`[*]/u.test(each)) ?? ''
  const plain = paragraph.replaceAll('\n', ' ').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
  return /^.*?\.(?= |$)/.exec(plain)?.[0] ?? plain.replace(/:$/, '.')
}

function markdownIn(folder) {
  return readdirSync(join(root, folder)).filter((name) => name.endsWith('.md') && name !== 'README.md')
}

function foldersIn(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
}

function write(path, content) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

writePages()
await build(join(root, 'docs'))
writeForModels()
const broken = brokenLinks(output, new URL(repository.site).pathname)
for (const each of broken) console.error(each)
if (broken.length > 0) process.exitCode = 1
console.log(`${places.size} pages, ${broken.length} broken links`)
