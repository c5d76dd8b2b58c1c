import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'oxc-parser'
import { describe, expect, it } from 'vitest'

type Target = string | { readonly [condition: string]: Target }

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly imports?: Readonly<Record<string, Target>>
}

const packages = fileURLToPath(new URL('../../packages', import.meta.url))
const folders = readdirSync(packages).filter((folder) => existsSync(join(packages, folder, 'package.json')))
const manifests = new Map(
  folders.map((folder): [string, Manifest] => [
    folder,
    JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8')) as Manifest,
  ]),
)
const entries = [...manifests].flatMap(([folder, { name, exports, bin = {} }]) => [
  ...Object.entries(exports)
    .filter(([, target]) => target.endsWith('.js'))
    .map(([path, target]) => ({ name: name + path.slice(1), file: join(packages, folder, target) })),
  // What it loads once the version of Node.js is known.
  ...Object.keys(bin).map((command) => ({
    name: command,
    file: join(packages, folder, 'dist/chunks/start.js'),
  })),
])

/** The files of ours that Node reads to import these files, and the third-party packages that it imports. */
function readAtStart(...paths: readonly string[]): {
  readonly files: readonly string[]
  readonly others: readonly string[]
} {
  const files = new Set<string>()
  const others = new Set<string>()
  const pending = [...paths]
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (files.has(file)) continue
    files.add(file)
    for (const specifier of staticImportsOf(file)) {
      const found = fileOf(specifier, file)
      if (found === undefined) others.add(specifier)
      else pending.push(found)
    }
  }
  return { files: [...files], others: [...others].toSorted() }
}

const known = new Map<string, readonly string[]>()

function staticImportsOf(file: string): readonly string[] {
  const specifiers = known.get(file) ?? readStaticImports(file)
  known.set(file, specifiers)
  return specifiers
}

function readStaticImports(file: string): readonly string[] {
  const { module } = parseSync(file, readFileSync(file, 'utf8'))
  const reexported = module.staticExports.flatMap(({ entries: each }) =>
    each.flatMap(({ moduleRequest }) => (moduleRequest === null ? [] : [moduleRequest.value])),
  )
  return [...module.staticImports.map(({ moduleRequest }) => moduleRequest.value), ...reexported]
}

function laterImportsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8')
  return parseSync(file, text).module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
    text.slice(start + 1, end - 1),
  )
}

/** `undefined` for third-party files. */
function fileOf(specifier: string, importer: string): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(importer), specifier)
  if (!specifier.startsWith('#')) return entries.find(({ name }) => name === specifier)?.file
  const folder = importer.slice(packages.length + 1).split(/[\\/]/, 1)[0] ?? ''
  const target = targetOnNode(manifests.get(folder)?.imports?.[specifier])
  return target?.startsWith('.') === true ? join(packages, folder, target) : undefined
}

function targetOnNode(target: Target | undefined): string | undefined {
  if (typeof target !== 'object') return target
  const [, chosen] =
    Object.entries(target).find(([condition]) => ['node', 'import', 'default'].includes(condition)) ?? []
  return targetOnNode(chosen)
}

/** The specifiers of packages that files import, at once or later. */
function readWithLater(path: string): readonly string[] {
  const files = new Set<string>()
  const specifiers = new Set<string>()
  const pending = [path]
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (files.has(file)) continue
    files.add(file)
    for (const specifier of [...staticImportsOf(file), ...laterImportsOf(file)]) {
      const found = fileOf(specifier, file)
      if (found === undefined || specifier.startsWith('#')) specifiers.add(specifier)
      if (found !== undefined) pending.push(found)
    }
  }
  return [...specifiers]
}

/** What an app reads at its start: somewhat more than today. */
const apps = [
  { names: ['@kube-authn/express', '@kube-authn/core/token-file'], mostKilobytes: 380 },
  { names: ['@kube-authn/koa', '@kube-authn/core/token-file'], mostKilobytes: 380 },
  { names: ['@kube-authn/hono', '@kube-authn/core/token-file'], mostKilobytes: 380 },
  { names: ['@kube-authn/express', '@kube-authn/core/oidc'], mostKilobytes: 450 },
  { names: ['@kube-authn/express', '@kube-authn/node'], mostKilobytes: 1100 },
]

/** For entries without other operations. */
const LOADED_AT_ONCE: Readonly<Record<string, readonly string[]>> = {
  // Every login and every session needs them.
  '@kube-authn/login': ['jose', 'oauth4webapi'],
  '@kube-authn/login/valkey': ['jose'],
  '@kube-authn/cel': ['@bufbuild/re2'],
  '@kube-authn/cel/kubernetes': ['@bufbuild/re2'],
  '@kube-authn/metrics/opentelemetry': ['@opentelemetry/api'],
  'kube-authn': ['commander'],
  // Its decorators and exceptions are those of Nest.
  '@kube-authn/nest': ['@nestjs/common', '@nestjs/core'],
  '@kube-authn/passport': ['passport-http-bearer'],
  // For tests. The command loads it when it needs it.
  '@kube-authn/server/internal': ['oauth4webapi'],
}

/** The optional packages of each entry, by the names that its files import. */
const MENTIONED: Readonly<Record<string, readonly string[]>> = {
  '@kube-authn/api': ['#cel'],
  '@kube-authn/api/internal': ['#cel'],
  '@kube-authn/audit': ['#cel'],
  '@kube-authn/audit/internal': ['#cel'],
  '@kube-authn/core/authorization': ['#cel'],
  '@kube-authn/core/configuration': ['#cel'],
  '@kube-authn/core/password-file': ['#csv-parse', 'bcryptjs'],
  '@kube-authn/core/token-file': ['#csv-parse'],
  '@kube-authn/explain-page': ['#cel'],
  '@kube-authn/express/reviews': ['#cel'],
  '@kube-authn/fastify/reviews': ['#cel'],
  '@kube-authn/hono/reviews': ['#cel'],
  '@kube-authn/koa/reviews': ['#cel'],
  '@kube-authn/node': ['#cel', '#csv-parse', 'bcryptjs'],
  '@kube-authn/node/audit': ['#cel'],
  '@kube-authn/node/flags': ['#cel', '#csv-parse', 'bcryptjs'],
  '@kube-authn/proxy': ['#cel'],
  '@kube-authn/server': ['#cel'],
  '@kube-authn/server/internal': ['#cel', '#csv-parse', 'bcryptjs'],
  '@kube-authn/server/node': ['#cel'],
  '@kube-authn/store/etcd': ['#cel', '#csv-parse', 'bcryptjs'],
  '@kube-authn/store/internal/node': ['#cel', '#csv-parse', 'bcryptjs'],
  '@kube-authn/testing/node': ['#cel'],
  'kube-authn': ['#cel', '#csv-parse', 'bcryptjs'],
}

describe('a start', () => {
  it.each(entries)('with $name loads no other package before it is needed', ({ name, file }) => {
    const others = readAtStart(file).others.filter((specifier) => !specifier.startsWith('node:'))
    expect(others).toEqual(LOADED_AT_ONCE[name] ?? [])
  })

  it.each(apps)('of an app with $names reads at most $mostKilobytes kB', ({ names, mostKilobytes }) => {
    const paths = entries.filter(({ name }) => names.includes(name)).map(({ file }) => file)
    expect(paths).toHaveLength(names.length)
    const sizes = readAtStart(...paths).files.map((file) => statSync(file).size)
    expect(sizes.reduce((sum, size) => sum + size, 0) / 1000).toBeLessThanOrEqual(mostKilobytes)
  })

  it('with all entries prints nothing and makes no error', () => {
    const files = entries.filter(({ name }) => name !== 'kube-authn').map(({ file }) => file)
    const script = `for (const file of ${JSON.stringify(files)}) await import(file)`
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { encoding: 'utf8' },
    )
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
  })
})

/** Optional packages, which a bundler of an app must resolve where a file of the app mentions them. */
const OPTIONAL = /^(?:@kube-authn\/cel|bcryptjs|csv-parse|#cel|#csv-parse)(?:\/|$)/

it.each(entries)('a bundle with $name needs only the optional packages that it can use', ({ name, file }) => {
  const mentioned = readWithLater(file).filter((specifier) => OPTIONAL.test(specifier))
  expect(new Set(mentioned)).toEqual(new Set(MENTIONED[name] ?? []))
})

describe('the files of a package', () => {
  it.each(folders)('of %s do not import each other in a circle', (folder) => {
    const dist = join(packages, folder, 'dist')
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js'))
      .map((file) => join(dist, file))
    const importsItself = files.filter((file) => {
      const imported = staticImportsOf(file).flatMap((specifier) => fileOf(specifier, file) ?? [])
      return imported.some((each) => readAtStart(each).files.includes(file))
    })
    expect(importsItself).toEqual([])
  })
})
