// Writes the public API of every package, from its declarations, to `.ci/api`, so that a change is visible in a review. Without comments, since those
// are not part of the API. Their place is `docs/reference.md`, which it writes too.
//
// usage: node .ci/api-report.mjs [--check]
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { publishedPackages, typesBehind } from './declarations.mjs'
import { reference } from './reference.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const isCheck = process.argv.includes('--check')
const published = publishedPackages()
const exportedAnywhere = new Set(
  published.flatMap(({ entries }) =>
    entries.filter(({ isPublic }) => isPublic).flatMap(({ exported }) => [...exported.values()].flat()),
  ),
)

const BUDGETS = [
  {
    folders: ['core', 'express', 'hono', 'koa', 'node', 'passport', 'testing'],
    // Nine of these are the guards of the three adapters, five are for long connections, three for resource servers, six for revocation, and one for proxies that ask.
    most: { entries: 29, names: 273 },
  },
  { folders: ['fastify'], most: { entries: 2, names: 10 } },
  { folders: ['nest'], most: { entries: 1, names: 10 } },
  { folders: ['login'], most: { entries: 4, names: 8 } },
  { folders: ['fetch'], most: { entries: 1, names: 10 } },
  { folders: ['keystone'], most: { entries: 1, names: 20 } },
  { folders: ['explain-page'], most: { entries: 1, names: 4 } },
  // The API server on a store, and revocations in it are features of their own; what needs Node is an entry of its own.
  { folders: ['server'], most: { entries: 2, names: 51 } },
  // Each engine with a driver is an entry of its own.
  { folders: ['store'], most: { entries: 4, names: 19 } },
  { folders: ['proxy'], most: { entries: 1, names: 3 } },
  { folders: ['cel'], most: { entries: 2, names: 25 } },
  { folders: ['x509'], most: { entries: 1, names: 32 } },
]

let differences = 0
mkdirSync(`${root}.ci/api`, { recursive: true })
for (const each of published) write(`.ci/api/${each.folder}.txt`, reportOf(each))
write('docs/reference.md', reference(published))
checkBudgets()
if (differences > 0) {
  console.error('If this is meant, run `node .ci/api-report.mjs` and commit what it writes.')
  process.exitCode = 1
}

function write(file, content) {
  const path = `${root}${file}`
  const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
  if (before === content) return
  if (!isCheck) {
    writeFileSync(path, content)
    return
  }
  differences++
  console.error(`${file} differs from the public surface:`)
  for (const line of changedLines(before, content)) console.error(`  ${line}`)
}

function reportOf({ entries: every }) {
  const entries = every
    .filter(({ isPublic }) => isPublic)
    .map(({ title, exported }) => ({
      title,
      lines: [...exported].map(([name, declarations]) => `${name}: ${codeOf(declarations)}`).toSorted(),
    }))
  const count = new Set(entries.flatMap(({ lines }) => lines)).size
  const declarations = every
    .filter(({ isPublic }) => isPublic)
    .flatMap(({ exported }) => [...exported.values()].flat())
  const behind = [...typesBehind(declarations, (each) => exportedAnywhere.has(each))].map(
    ([{ code }, name]) => `${name}: ${code}`,
  )
  const written = [
    ...entries,
    ...(behind.length > 0 ? [{ title: '(without a public name)', lines: behind.toSorted() }] : []),
  ].map(({ title, lines }) => `\n== ${title}\n${lines.join('\n')}\n`)
  return `${entries.length} entries, ${count} declarations\n${written.join('')}`
}

/** What a package promises is expensive to keep, so there is little of it. */
function checkBudgets() {
  for (const { folders, most } of BUDGETS) {
    const entries = published
      .filter(({ folder }) => folders.includes(folder))
      .flatMap((each) => each.entries.filter(({ isPublic }) => isPublic))
    const names = new Set(entries.flatMap(({ exported }) => [...exported.keys()]))
    const counts = { entries: entries.length, names: names.size }
    for (const [what, limit] of Object.entries(most)) {
      if (counts[what] <= limit) continue
      differences++
      console.error(`${folders.join(', ')}: ${counts[what]} public ${what}, and at most ${limit} are allowed`)
    }
  }
}

function codeOf(declarations) {
  return declarations.map(({ code }) => code).join(' + ') || 'declared elsewhere'
}

function changedLines(before, after) {
  const old = new Set(before.split('\n'))
  const now = new Set(after.split('\n'))
  return [
    ...[...old].filter((line) => !now.has(line)).map((line) => `- ${line.slice(0, 200)}`),
    ...[...now].filter((line) => !old.has(line)).map((line) => `+ ${line.slice(0, 200)}`),
  ]
}
