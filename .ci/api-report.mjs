// Writes the public API of every package, from its declarations, to `.ci/api`, so that a change is visible in a review. Without comments, since those
// are not part of the API.
//
// usage: node .ci/api-report.mjs [--check]
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'oxc-parser'

const packages = fileURLToPath(new URL('../packages', import.meta.url))
const reports = fileURLToPath(new URL('api', import.meta.url))
const isCheck = process.argv.includes('--check')

/** The exports of each module, by its path. */
const parsed = new Map()

let differences = 0
mkdirSync(reports, { recursive: true })
for (const folder of readdirSync(packages)) {
  if (!isPublished(folder)) continue
  const file = join(reports, `${folder}.txt`)
  const report = reportOf(folder)
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (before === report) continue
  if (isCheck) {
    differences++
    console.error(`the public surface of packages/${folder} changed:`)
    for (const line of changedLines(before, report)) console.error(`  ${line}`)
  } else writeFileSync(file, report)
}
if (differences > 0) {
  console.error('If this is meant, run `node .ci/api-report.mjs` and commit what it writes.')
  process.exitCode = 1
}

function isPublished(folder) {
  const manifest = join(packages, folder, 'package.json')
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).private !== true
}

function reportOf(folder) {
  const root = join(packages, folder)
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const entries = Object.entries(exports).flatMap(([entry, target]) => {
    if (typeof target !== 'string' || !target.endsWith('.js') || /^\.\/internal(?:\/|$)/.test(entry))
      return []
    const names = exportsOf(join(root, target.replace(/\.js$/, '.d.ts')))
    const lines = [...names].map(([exported, text]) => `${exported}: ${text}`).toSorted()
    return [{ title: `${name}${entry.slice(1)}`, lines }]
  })
  const count = new Set(entries.flatMap(({ lines }) => lines)).size
  const written = entries.map((entry) => {
    const others = new Set(entries.filter((each) => each !== entry).flatMap(({ lines }) => lines))
    const isCollection = entry.lines.length > 0 && entry.lines.every((line) => others.has(line))
    return `\n== ${entry.title}\n${isCollection ? 'nothing but what other entries have' : entry.lines.join('\n')}\n`
  })
  return `${entries.length} entries, ${count} declarations\n${written.join('')}`
}

/** The declarations that a module exports, by exported name. */
function exportsOf(file) {
  const known = parsed.get(file)
  if (known !== undefined) return known
  const found = new Map()
  parsed.set(file, found)
  const text = readFileSync(file, 'utf8')
  const { program, comments } = parseSync(file, text)
  const local = new Map()
  const imported = new Map()
  const add = (exported, declaration) =>
    found.set(exported, [found.get(exported), declaration].filter(Boolean).join(' + '))

  for (const node of program.body) {
    if (node.type === 'ImportDeclaration') {
      for (const { local: name, imported: original } of node.specifiers) {
        imported.set(name.name, { source: node.source.value, name: original?.name ?? 'default' })
      }
      continue
    }
    const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : node
    for (const name of namesOf(declaration)) {
      const written = withoutComments(text, comments, declaration)
      if (node.type === 'ExportNamedDeclaration') add(name, written)
      else local.set(name, [local.get(name), written].filter(Boolean).join(' + '))
    }
  }
  for (const node of program.body) {
    if (node.type === 'ExportAllDeclaration') {
      for (const [name, written] of fromModule(file, node.source.value) ?? []) add(name, written)
    } else if (node.type === 'ExportNamedDeclaration' && node.declaration === null) {
      for (const { local: name, exported } of node.specifiers) {
        const source = node.source?.value ?? imported.get(name.name)?.source
        const original = node.source === null ? (imported.get(name.name)?.name ?? name.name) : name.name
        const written =
          source === undefined
            ? local.get(original)
            : (fromModule(file, source)?.get(original) ?? `from ${source}`)
        add(exported.name, written ?? 'declared elsewhere')
      }
    }
  }
  return found
}

/** The exports of a module of the same package; `undefined` for another package. */
function fromModule(file, specifier) {
  if (!specifier.startsWith('.')) return undefined
  return exportsOf(join(dirname(file), specifier.replace(/\.(?:ts|js)$/, '.d.ts')))
}

function namesOf(declaration) {
  if (declaration === null || declaration === undefined) return []
  if (declaration.type === 'VariableDeclaration') return declaration.declarations.map(({ id }) => id.name)
  return typeof declaration.id?.name === 'string' ? [declaration.id.name] : []
}

function withoutComments(text, comments, { start, end }) {
  let written = ''
  let at = start
  for (const comment of comments) {
    if (comment.start < start || comment.end > end) continue
    written += text.slice(at, comment.start)
    at = comment.end
  }
  return (written + text.slice(at, end)).replace(/\s+/g, ' ').trim()
}

function changedLines(before, after) {
  const old = new Set(before.split('\n'))
  const now = new Set(after.split('\n'))
  return [
    ...[...old].filter((line) => !now.has(line)).map((line) => `- ${line.slice(0, 200)}`),
    ...[...now].filter((line) => !old.has(line)).map((line) => `+ ${line.slice(0, 200)}`),
  ]
}
