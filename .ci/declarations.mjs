// Reads the public API of the published packages from their declarations in `dist`.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'oxc-parser'

const packages = fileURLToPath(new URL('../packages', import.meta.url))

/** Entries for the packages of this repository. They are not public: they need no documentation and may change in any version. */
const INTERNAL = /\/internal(?:\/|$)/

/** The modules that were read, by path. */
const modules = new Map()

/** The published packages, each with its entries and their exports: declarations by name, several for overloads. */
export function publishedPackages() {
  return readdirSync(packages)
    .filter(isPublished)
    .map((folder) => {
      const root = join(packages, folder)
      const { name, description, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
      const entries = Object.entries(exports).flatMap(([entry, target]) => {
        if (typeof target !== 'string' || !target.endsWith('.js')) return []
        const exported = publicExportsOf(join(root, target.replace(/\.js$/, '.d.ts')))
        const title = `${name}${entry.slice(1)}`
        return [{ title, exported, isPublic: !INTERNAL.test(title) }]
      })
      return { folder, name, description, entries }
    })
}

/**
 * The types that public declarations mention, directly or through each other, and that no entry exports: options above all. They are part of what is
 * promised. By declaration, the name of each.
 */
export function typesBehind(declarations, isExported) {
  const found = new Map()
  const visit = ({ file, code }) => {
    for (const name of new Set(code.match(/\b[A-Z]\w+/g))) {
      for (const declared of resolve(file, name)) {
        if (!isType(declared.node) || isExported(declared) || found.has(declared)) continue
        found.set(declared, name)
        visit(declared)
      }
    }
  }
  for (const each of declarations) visit(each)
  return found
}

export function isType({ type }) {
  return type === 'TSInterfaceDeclaration' || type === 'TSTypeAliasDeclaration'
}

function isPublished(folder) {
  const manifest = join(packages, folder, 'package.json')
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).private !== true
}

/** The declarations of a name in a module, where it is declared or imported. */
export function resolve(file, name) {
  const { local, imported } = moduleAt(file)
  const own = local.get(name)
  if (own !== undefined) return own
  const from = imported.get(name)
  const target = from === undefined ? undefined : fileOf(file, from.source)
  return target === undefined ? [] : (exportsOf(target).get(from.name) ?? [])
}

/** The declarations that an entry exports for apps: not those that are marked for the packages of this repository, with `@internal`. */
function publicExportsOf(file) {
  const module = moduleAt(file)
  const internal = new Set(
    module.body
      .filter((node) => node.type === 'ExportNamedDeclaration' && module.docOf(node) === '@internal')
      .flatMap(({ specifiers }) => specifiers.map(({ exported }) => exported.name)),
  )
  return new Map([...exportsOf(file)].filter(([name]) => !internal.has(name)))
}

/** The declarations that a module exports, by exported name. */
function exportsOf(file) {
  const module = moduleAt(file)
  if (module.exported !== undefined) return module.exported
  const found = new Map()
  module.exported = found
  const add = (name, declarations) =>
    found.set(name, [...new Set([...(found.get(name) ?? []), ...declarations])])

  for (const name of module.own) add(name, module.local.get(name))
  for (const node of module.body) {
    if (node.type === 'ExportAllDeclaration') {
      const target = fileOf(file, node.source.value)
      for (const [name, declarations] of target === undefined ? [] : exportsOf(target))
        add(name, declarations)
    } else if (node.type === 'ExportNamedDeclaration' && node.declaration === null) {
      for (const { local, exported } of node.specifiers) {
        if (node.source === null) add(exported.name, resolve(file, local.name))
        else {
          const target = fileOf(file, node.source.value)
          add(exported.name, target === undefined ? [] : (exportsOf(target).get(local.name) ?? []))
        }
      }
    }
  }
  return found
}

function moduleAt(file) {
  const known = modules.get(file)
  if (known !== undefined) return known
  const text = readFileSync(file, 'utf8')
  const { program, comments } = parseSync(file, text)
  const module = {
    body: program.body,
    docOf: (node) => docOf(text, comments, node),
    local: new Map(),
    own: new Set(),
    imported: new Map(),
  }
  modules.set(file, module)
  for (const node of program.body) {
    if (node.type === 'ImportDeclaration') {
      for (const { local, imported } of node.specifiers) {
        module.imported.set(local.name, { source: node.source.value, name: imported?.name ?? 'default' })
      }
      continue
    }
    const isExport = node.type === 'ExportNamedDeclaration'
    const declaration = isExport ? node.declaration : node
    for (const name of namesOf(declaration)) {
      const declared = { file, node: declaration, code: withoutComments(text, comments, declaration) }
      declared.docOf = (part) => docOf(text, comments, part === declaration ? node : part)
      declared.codeOf = (part) => withoutComments(text, comments, part)
      module.local.set(name, [...(module.local.get(name) ?? []), declared])
      if (isExport) module.own.add(name)
    }
  }
  return module
}

/** The file of the declarations of an import; `undefined` for packages of others. */
function fileOf(file, specifier) {
  if (specifier.startsWith('.')) return join(dirname(file), specifier.replace(/\.(?:ts|js)$/, '.d.ts'))
  const [, folder, subpath = ''] = /^@kube-authn\/([\w-]+)(\/.+)?$/.exec(specifier) ?? []
  if (folder === undefined || !isPublished(folder)) return undefined
  const { exports } = JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8'))
  const target = exports[`.${subpath}`]
  return typeof target === 'string' ? join(packages, folder, target.replace(/\.js$/, '.d.ts')) : undefined
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

/** The documentation comment right before a node, without its markers. */
function docOf(text, comments, { start }) {
  const comment = comments.findLast(({ end }) => end <= start)
  if (comment === undefined || !comment.value.startsWith('*')) return ''
  if (text.slice(comment.end, start).trim() !== '') return ''
  return comment.value
    .slice(1)
    .replaceAll(/^[ \t]*\* ?/gm, '')
    .trim()
}
