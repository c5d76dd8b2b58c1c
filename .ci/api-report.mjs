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

let differences = 0
mkdirSync(`${root}.ci/api`, { recursive: true })
for (const each of published) write(`.ci/api/${each.folder}.txt`, reportOf(each))
write('docs/reference.md', reference(published))
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
