// Which packages may import which: server -> store -> node -> core -> x509 and cel -> internal, adapters -> core, and no package imports an adapter, but nest,
// whose guards are middlewares of express. The core
// and the packages below it use only what every runtime has. Tests may use more, so they are excluded; declared dependencies are checked.
//
// usage: node .ci/check-boundaries.mjs [root]
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'oxc-parser'

/** The workspace packages that each package may import. A package that is missing here must be added. */
const ARROWS = {
  internal: [],
  x509: ['internal'],
  cel: ['internal'],
  core: ['internal', 'x509', 'cel'],
  api: ['core', 'internal'],
  audit: ['core', 'internal'],
  'explain-page': ['audit', 'core', 'internal'],
  metrics: ['core', 'internal'],
  express: ['api', 'core', 'internal'],
  fastify: ['api', 'core', 'internal'],
  fetch: ['api', 'core', 'internal'],
  hono: ['api', 'core', 'internal'],
  issuer: ['core', 'internal', 'x509'],
  keystone: ['core', 'internal'],
  koa: ['api', 'core', 'internal'],
  login: ['core', 'internal'],
  nest: ['core', 'express', 'internal'],
  node: ['audit', 'cel', 'core', 'internal', 'issuer', 'keystone', 'x509'],
  passport: ['core', 'internal'],
  proxy: ['core', 'internal', 'node'],
  'resource-server': ['core'],
  server: ['api', 'audit', 'cel', 'core', 'internal', 'issuer', 'metrics', 'node', 'proxy', 'store', 'x509'],
  store: ['core', 'internal', 'node'],
  testing: ['audit', 'core', 'internal', 'issuer', 'x509'],
}

/** They run on every JavaScript runtime. */
const PORTABLE = new Set([
  'internal',
  'x509',
  'cel',
  'core',
  'audit',
  'issuer',
  'keystone',
  'metrics',
  'api',
  'resource-server',
])

/** Libraries: their objects carry no private state, so two copies in one app do no harm. */
const LIBRARIES = new Set(['x509', 'cel', 'issuer', 'keystone'])

/** Two versions of a package in one app are two copies, which do not share private state. */
const PEER = 'must be a peer dependency, so that an app has one copy of it'
const LIBRARY = 'must be a dependency, or an optional peer'
const BUNDLED = 'is private and bundled, so it must be a development dependency'

const root = resolve(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)))
const folders = readdirSync(join(root, 'packages')).filter((name) =>
  existsSync(join(root, 'packages', name, 'package.json')),
)
const folderOfName = new Map(folders.map((folder) => [manifestOf(folder).name, folder]))

const problems = folders.flatMap((folder) => [...problemsOfManifest(folder), ...problemsOfSources(folder)])
for (const problem of problems) console.error(problem)
console.log(`boundaries of ${folders.length} packages: ${problems.length} problems`)
if (problems.length > 0) process.exitCode = 1

function* problemsOfManifest(folder) {
  const where = `packages/${folder}/package.json`
  if (!Object.hasOwn(ARROWS, folder)) {
    yield `${where}: add packages/${folder} to the table in .ci/check-boundaries.mjs`
    return
  }
  const { dependencies, peerDependencies, optionalDependencies, imports } = manifestOf(folder)
  const declared = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })
  for (const specifier of [...declared, ...stringsIn(imports)]) {
    const reason = whyNot(folder, specifier) ?? whyUndeclared(specifier, manifestOf(folder), declared)
    if (reason !== undefined) yield `${where}: ${specifier}: ${reason}`
  }
}

function* problemsOfSources(folder) {
  const sources = join(root, 'packages', folder, 'src')
  const manifest = manifestOf(folder)
  for (const file of readdirSync(sources, { recursive: true })) {
    if (!/\.[cm]?[jt]sx?$/.test(file) || /\.test\.[cm]?[jt]sx?$/.test(file)) continue
    const path = join(sources, file)
    const text = readFileSync(path, 'utf8')
    for (const { specifier, start } of importsOf(path, text)) {
      const reason =
        specifier === undefined
          ? 'the specifier of an import must be a literal, so that this check can read it'
          : (whyNot(folder, specifier, path) ?? whyUndeclared(specifier, manifest, [packageOf(specifier)]))
      if (reason === undefined) continue
      const line = text.slice(0, start).split('\n').length
      yield `${relative(root, path).replaceAll(sep, '/')}:${line}: ${specifier ?? 'import'}: ${reason}`
    }
  }
}

/** Why this package may not import the specifier; `undefined` if it may. */
function whyNot(folder, specifier, importer) {
  if (specifier.startsWith('.')) {
    if (importer === undefined) return undefined
    const target = resolve(dirname(importer), specifier)
    return target.startsWith(join(root, 'packages', folder) + sep) ? undefined : 'is outside the package'
  }
  if (PORTABLE.has(folder)) {
    if (isBuiltin(specifier) && isForNode(folder, importer)) return undefined
    if (isBuiltin(specifier)) return `packages/${folder} may only use what every runtime has`
    if (/^[a-z]+:/.test(specifier)) return `belongs to one runtime, and packages/${folder} runs on all`
  }
  const target = folderOfName.get(packageOf(specifier))
  if (target === undefined) return undefined
  if (target === folder) return 'a package imports its own files by path'
  if (ARROWS[folder].includes(target)) return undefined
  return `packages/${folder} may import ${ARROWS[folder].join(' and ') || 'no other package'} of ours`
}

/** Whether `imports` of package.json names this file for Node, and another one for other runtimes. */
function isForNode(folder, file) {
  const { imports = {} } = manifestOf(folder)
  return Object.values(imports).some(({ node, default: portable }) =>
    stringsIn(node).some((target) => {
      const source = join(root, 'packages', folder, target.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))
      return source === file && target !== portable
    }),
  )
}

/** Why a workspace package is not declared correctly; `undefined` if it is, or if it is a third-party package. */
function whyUndeclared(specifier, manifest, declared) {
  const { devDependencies = {}, peerDependencies = {}, optionalDependencies } = manifest
  const dependencies = { ...manifest.dependencies, ...optionalDependencies }
  const name = packageOf(specifier)
  const target = folderOfName.get(name)
  if (target === undefined || !declared.includes(name)) return undefined
  if (manifestOf(target).private === true) return Object.hasOwn(devDependencies, name) ? undefined : BUNDLED
  if (LIBRARIES.has(target)) {
    const isOptional = manifest.peerDependenciesMeta?.[name]?.optional === true
    return isOptional || Object.hasOwn(dependencies, name) ? undefined : LIBRARY
  }
  return Object.hasOwn(peerDependencies, name) && !Object.hasOwn(dependencies, name) ? undefined : PEER
}

function packageOf(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** All imports of a file, of values and types, static and dynamic. */
function importsOf(path, text) {
  const { program, comments, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
  const found = []
  const add = (node, literal) =>
    found.push({
      specifier: typeof literal?.value === 'string' ? literal.value : undefined,
      start: node.start,
    })
  for (const { value, start } of comments) {
    const reference = /^\/\s*<reference\s+(?:types|path)\s*=\s*["']([^"']+)["']/.exec(value)
    if (reference !== null)
      found.push({ specifier: reference[1] === 'node' ? 'node:process' : reference[1], start })
  }
  visit(program)
  return found

  function visit(node) {
    if (Array.isArray(node)) {
      for (const each of node) visit(each)
      return
    }
    if (typeof node?.type !== 'string') return
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'ImportExpression':
      case 'TSImportType':
        add(node, node.source)
        break
      case 'ExportNamedDeclaration':
        if (node.source !== null) add(node, node.source)
        break
      case 'TSExternalModuleReference':
        add(node, node.expression)
        break
      case 'CallExpression':
        if (node.callee.type === 'Identifier' && node.callee.name === 'require') add(node, node.arguments[0])
        break
      default:
    }
    for (const key of Object.keys(node)) visit(node[key])
  }
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'))
}

function stringsIn(value) {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}
