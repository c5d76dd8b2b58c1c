// Writes the public API of every package, from its declarations, to `.ci/api`, so that a change is visible in a review. Without comments, since those
// are not part of the API. Their place is `docs/reference.md`, which it writes too.
//
// usage: node .ci/api-report.mjs [--check]
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { publishedPackages } from './declarations.mjs'
import { reference } from './reference.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const isCheck = process.argv.includes('--check')
const published = publishedPackages()

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
  const entries = every.map(({ title, exported, isPublic }) => ({
    title,
    isPublic,
    lines: [...exported].map(([name, declarations]) => `${name}: ${codeOf(declarations)}`).toSorted(),
  }))
  const count = new Set(entries.flatMap(({ lines }) => lines)).size
  // What only an internal entry repeats is listed where it is public.
  const publicEntries = entries.filter(({ isPublic }) => isPublic)
  const written = entries.map((entry) => {
    const others = new Set(publicEntries.filter((each) => each !== entry).flatMap(({ lines }) => lines))
    const isCollection = entry.lines.length > 0 && entry.lines.every((line) => others.has(line))
    return `\n== ${entry.title}\n${isCollection ? 'nothing but what other entries have' : entry.lines.join('\n')}\n`
  })
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
