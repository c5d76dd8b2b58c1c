import { execFileSync } from 'node:child_process'
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
  ...Object.entries(bin).map(([command, target]) => ({
    name: command,
    file: join(packages, folder, target),
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

/** How our files make errors. */
const MAKES_ERROR = /^(?:rejected|unavailable|\w*Error)$/

interface AnyNode {
  readonly type: string
  readonly name?: string
  readonly body?: unknown
  readonly callee?: AnyNode
  readonly expression?: AnyNode
}

/** The errors that are made when a file is read, so not in functions that are called later. */
function errorsIn(file: string): readonly string[] {
  const errors: string[] = []
  const look = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) look(each)
    if (typeof value !== 'object' || value === null || !('type' in value)) return
    const node = value as AnyNode
    if (/Function|^Class/.test(node.type)) return
    const { callee } = node
    if (callee?.name !== undefined && MAKES_ERROR.test(callee.name)) errors.push(`${file}: ${callee.name}`)
    // A function that is called at once, in which the build puts initial values.
    look(callee?.expression?.body)
    for (const child of Object.values(node)) look(child)
  }
  look(parseSync(file, readFileSync(file, 'utf8')).program.body)
  return errors
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

/** A script that tells which modules of Node are loaded with a file, and not by the loader itself. */
const onlyNew = join(import.meta.dirname, 'loaded-with.mjs')

describe('a start', () => {
  it.each(entries)('with $name loads no other package before it is needed', ({ name, file }) => {
    const others = readAtStart(file).others.filter((specifier) => !specifier.startsWith('node:'))
    expect(others).toEqual(LOADED_AT_ONCE[name] ?? [])
  })

  it.each(entries)('with $name brings only packages that it can use', ({ name, file }) => {
    const later = readAtStart(file).files.flatMap((each) => laterImportsOf(each))
    const others = new Set(later.filter((specifier) => !/^(?:[.#]|@kube-authn\/)/.test(specifier)))
    expect([...others].toSorted()).toEqual(LOADED_LATER[name] ?? [])
  })

  it.each([
    { names: ['@kube-authn/express', '@kube-authn/core/token-file'], most: 4, mostKilobytes: 204 },
    { names: ['@kube-authn/koa', '@kube-authn/core/token-file'], most: 4, mostKilobytes: 203 },
    { names: ['@kube-authn/hono', '@kube-authn/core/token-file'], most: 4, mostKilobytes: 208 },
    { names: ['@kube-authn/express', '@kube-authn/core/oidc'], most: 6, mostKilobytes: 354 },
    { names: ['@kube-authn/express', '@kube-authn/node'], most: 15, mostKilobytes: 835 },
    { names: ['kube-authn'], most: 3, mostKilobytes: 53 },
  ])(
    'with $names reads at most $most files of $mostKilobytes kB together',
    ({ names, most, mostKilobytes }) => {
      const paths = entries.filter(({ name }) => names.includes(name)).map(({ file }) => file)
      expect(paths).toHaveLength(names.length)
      const { files } = readAtStart(...paths)
      expect(files.length).toBeLessThanOrEqual(most)
      expect(files.reduce((sum, file) => sum + statSync(file).size, 0) / 1000).toBeLessThanOrEqual(
        mostKilobytes,
      )
    },
  )

  // With `import`, `node:fs` and others load the streams of Node, which takes longer than all files of `@kube-authn/express`.
  it.each([
    '@kube-authn/express',
    '@kube-authn/koa',
    '@kube-authn/hono',
    '@kube-authn/core',
    '@kube-authn/node',
  ])('with %s loads no module of Node that a process has not loaded anyway', (wanted) => {
    const file = entries.find(({ name }) => name === wanted)?.file
    const loaded = execFileSync(process.execPath, [onlyNew, String(file)], { encoding: 'utf8' })
    expect(JSON.parse(loaded)).toEqual([])
  })

  it.each(['@kube-authn/express', '@kube-authn/hono', '@kube-authn/core/adapter'])(
    'with %s loads what answers reviews only for a review',
    (wanted) => {
      const answering = join(packages, 'core/dist/chunks/answering.js')
      const { files } = readAtStart(...entries.filter(({ name }) => name === wanted).map(({ file }) => file))
      const later = files.flatMap((file) =>
        laterImportsOf(file).map((specifier) => join(dirname(file), specifier)),
      )
      expect(files).not.toContain(answering)
      expect(later).toContain(answering)
    },
  )

  it('of an API server reads at most 66 files, and no other package', () => {
    // It is loaded when the command has been read.
    const { files, others } = readAtStart(join(packages, 'server/dist/chunks/serve.js'))
    expect(files.length).toBeGreaterThan(20)
    // One of them is what it has in common with the proxy, and nine are stores; flags and certificates are two each.
    expect(files.length).toBeLessThanOrEqual(66)
    expect(others.filter((specifier) => !specifier.startsWith('node:'))).toEqual([])
  })

  it.each(entries)('with $name makes no error, which takes up to 0.1 ms', ({ file }) => {
    expect(readAtStart(file).files.flatMap((each) => errorsIn(each))).toEqual([])
  })

  it.each(entries)('with $name reads ASCII only, which takes less time', ({ file }) => {
    const others = readAtStart(file).files.filter((each) => /[^\0-\x7f]/.test(readFileSync(each, 'utf8')))
    expect(others).toEqual([])
  })
})

/** For entries without other operations. */
const LOADED_AT_ONCE: Readonly<Record<string, readonly string[]>> = {
  // Every login and every session needs them.
  '@kube-authn/login': ['jose', 'oauth4webapi'],
  '@kube-authn/cel': ['@bufbuild/re2'],
  '@kube-authn/cel/kubernetes': ['@bufbuild/re2'],
  // Loaded with the entry: spans start before anything could be loaded.
  '@kube-authn/metrics/opentelemetry': ['@opentelemetry/api'],
  // It prints help before anything else is needed.
  'kube-authn': ['commander'],
  // Its decorators and exceptions are those of Nest.
  '@kube-authn/nest': ['@nestjs/common', '@nestjs/core'],
  '@kube-authn/passport': ['passport-http-bearer'],
  // For tests. The command loads it when it needs it.
  '@kube-authn/server/internal': ['oauth4webapi'],
}

/** The packages that a bundler of an app must resolve, since bundled code mentions them. */
const LOADED_LATER: Readonly<Record<string, readonly string[]>> = {
  '@kube-authn/core/internal': [
    '@noble/hashes/argon2.js',
    '@noble/hashes/scrypt.js',
    'bcryptjs',
    'jose/jws/compact/sign',
  ],
  '@kube-authn/core/internal/node': ['@noble/hashes/argon2.js', '@noble/hashes/scrypt.js', 'bcryptjs'],
  '@kube-authn/core/password-file': ['@noble/hashes/argon2.js', '@noble/hashes/scrypt.js', 'bcryptjs'],
  '@kube-authn/core/service-account': ['jose/jws/compact/sign'],
  '@kube-authn/proxy': [
    '@noble/hashes/argon2.js',
    '@noble/hashes/scrypt.js',
    'bcryptjs',
    'jose/jws/compact/sign',
    'undici/index.js',
  ],
  '@kube-authn/server': [
    '@noble/hashes/argon2.js',
    '@noble/hashes/scrypt.js',
    'bcryptjs',
    'jose/jws/compact/sign',
    'yaml',
  ],
  '@kube-authn/server/internal': [
    '@noble/hashes/argon2.js',
    '@noble/hashes/scrypt.js',
    'bcryptjs',
    'jose/jws/compact/sign',
    'undici/index.js',
  ],
  '@kube-authn/server/node': [
    '@noble/hashes/argon2.js',
    '@noble/hashes/scrypt.js',
    'bcryptjs',
    'jose/jws/compact/sign',
    'yaml',
  ],
  '@kube-authn/store': [
    '@noble/hashes/argon2.js',
    '@noble/hashes/scrypt.js',
    'bcryptjs',
    'jose/jws/compact/sign',
  ],
  '@kube-authn/store/internal': [
    '@noble/hashes/argon2.js',
    '@noble/hashes/scrypt.js',
    'bcryptjs',
    'jose/jws/compact/sign',
  ],
  '@kube-authn/store/internal/node': [
    '@noble/hashes/argon2.js',
    '@noble/hashes/scrypt.js',
    'bcryptjs',
    'jose/jws/compact/sign',
    'libsql',
    'node:net',
    'pg',
  ],
  '@kube-authn/store/etcd': [
    '@noble/hashes/argon2.js',
    '@noble/hashes/scrypt.js',
    'bcryptjs',
    'jose/jws/compact/sign',
  ],
  '@kube-authn/store/postgres': [
    '@noble/hashes/argon2.js',
    '@noble/hashes/scrypt.js',
    'bcryptjs',
    'jose/jws/compact/sign',
    'node:net',
    'pg',
  ],
  '@kube-authn/store/sqlite': [
    '@noble/hashes/argon2.js',
    '@noble/hashes/scrypt.js',
    'bcryptjs',
    'jose/jws/compact/sign',
    'libsql',
  ],
  '@kube-authn/node/internal': [
    '@noble/hashes/argon2.js',
    '@noble/hashes/scrypt.js',
    'bcryptjs',
    'undici/index.js',
  ],
  '@kube-authn/explain-page': ['@noble/hashes/argon2.js', '@noble/hashes/scrypt.js', 'bcryptjs'],
  '@kube-authn/node': ['@noble/hashes/argon2.js', '@noble/hashes/scrypt.js', 'bcryptjs', 'undici/index.js'],
}

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
