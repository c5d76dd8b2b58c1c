// Checks what a user would install: packs every public package and checks the tarball with publint, with attw ("are the types wrong") and for
// required and forbidden files. Run after a build, through pnpm.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publicFolders, tarballOf } from './pack.mjs'
import { repository, root } from './repository.mjs'

/** How large a package may be in kB, as npm sends it and on disk: somewhat more than today. */
const BUDGETS = {
  api: { packed: 152, installed: 592 },
  audit: { packed: 34, installed: 112 },
  cel: { packed: 147, installed: 555 },
  core: { packed: 571, installed: 2100 },
  'explain-page': { packed: 47, installed: 153 },
  express: { packed: 13, installed: 50 },
  fastify: { packed: 11, installed: 45 },
  fetch: { packed: 16, installed: 62 },
  hono: { packed: 17, installed: 59 },
  issuer: { packed: 34, installed: 112 },
  keystone: { packed: 30, installed: 105 },
  koa: { packed: 11, installed: 45 },
  login: { packed: 114, installed: 430 },
  metrics: { packed: 25, installed: 85 },
  nest: { packed: 10, installed: 38 },
  node: { packed: 179, installed: 732 },
  passport: { packed: 26, installed: 90 },
  proxy: { packed: 49, installed: 178 },
  'resource-server': { packed: 20, installed: 70 },
  server: { packed: 389, installed: 1438 },
  store: { packed: 127, installed: 469 },
  testing: { packed: 66, installed: 258 },
  x509: { packed: 45, installed: 161 },
}

const bin = join(root, 'node_modules', '.bin')
const temporary = mkdtempSync(join(tmpdir(), 'packaging-'))
let passed = 0
let failed = 0

const privateNames = readdirSync(join(root, 'packages'))
  .map((folder) => join(root, 'packages', folder, 'package.json'))
  .filter((file) => existsSync(file))
  .map((file) => JSON.parse(readFileSync(file, 'utf8')))
  .filter((manifest) => manifest.private === true)
  .map(({ name }) => name)

try {
  for (const folder of publicFolders()) checkPackage(folder)
} finally {
  rmSync(temporary, { recursive: true })
}
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0 || passed === 0) process.exitCode = 1

function checkPackage(folder) {
  const destination = join(temporary, folder)
  let path
  try {
    path = tarballOf(folder, destination)
  } catch (error) {
    report(`${folder}: pack`, { ok: false, output: error.message })
    return
  }
  report(`${folder}: pack`, { ok: true })
  report(`${folder}: publint`, run(join(bin, 'publint'), [path, '--strict'], root))
  // Without looking up an @types package in the registry: these packages include their types. All kinds of resolution but that of before `exports`.
  const attw = ['--profile', 'node16', '--no-definitely-typed', '--no-emoji', '--format', 'ascii', path]
  report(`${folder}: attw`, run(join(bin, 'attw'), attw, root))
  run('tar', ['-xzf', path], destination)
  const problems = [
    ...problemsOfSize(folder, path, join(destination, 'package')),
    ...problemsOfContents(folder, join(destination, 'package')),
  ]
  report(`${folder}: contents`, { ok: problems.length === 0, output: problems.join('\n') })
}

function* problemsOfSize(name, tarball, folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0)
  const sizes = { packed: statSync(tarball).size / 1000, installed: bytes / 1000 }
  for (const [kind, size] of Object.entries(sizes)) {
    const budget = BUDGETS[name]?.[kind]
    if (budget === undefined || size > budget)
      yield `${name} is ${Math.ceil(size)} kB ${kind}, and its budget is ${budget ?? 'missing'}`
  }
}

function* problemsOfContents(name, folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
  const text = (file) => readFileSync(join(folder, file), 'utf8')
  const manifest = JSON.parse(text('package.json'))
  const declaresSources = manifest.files?.some((pattern) => /^\.?\/?src\b/.test(pattern)) ?? false

  yield* problemsOfOrigin(name, manifest)
  yield* problemsOfReadme(text('README.md'))
  const licenses = files.includes('dist/LICENSES.txt') ? text('dist/LICENSES.txt') : ''
  for (const bundled of bundledIn(files.filter((file) => /\.c?js$/.test(file)).map(text))) {
    if (!licenses.includes(`\n${bundled} `)) yield `the code of ${bundled} is bundled without its license`
  }
  for (const file of ['LICENSE', 'README.md']) if (!files.includes(file)) yield `${file} is missing`
  if (manifest.license !== 'MIT') yield `the license is ${manifest.license}`
  if (manifest.files === undefined) yield 'package.json has no "files"'
  if (/"(?:workspace|catalog):/.test(text('package.json')))
    yield 'package.json has a version range that only pnpm understands'
  // Those of CommonJS: the others also exist for files that no entry needs.
  for (const imported of packagesIn(files.filter((file) => file.endsWith('.d.cts')).map(text))) {
    if (!declares(manifest, imported)) yield `the types need ${imported}, which package.json does not name`
  }
  for (const file of files) {
    if (/\.test\.|(?:^|\/)(?:test|tests|__tests__)\//.test(file)) yield `${file} is a test`
    if (file.endsWith('.tsbuildinfo')) yield `${file} is only useful for builds`
    if (file.startsWith('src/') && !declaresSources) yield `${file} is a source`
    if (/\.(?:c?js|d\.cts)$/.test(file)) {
      const internal = privateNames.find(
        (each) => text(file).includes(`'${each}/`) || text(file).includes(`"${each}/`),
      )
      if (internal !== undefined) yield `${file} imports ${internal}, which is not published`
    }
    if (file.endsWith('.map')) yield `${file} is a source map`
  }
}

function* problemsOfOrigin(
  folder,
  { repository: origin, homepage, bugs, author, keywords, devDependencies },
) {
  if (origin?.url !== repository.git || origin.directory !== `packages/${folder}`) yield 'repository is wrong'
  if (homepage !== repository.site) yield 'homepage is wrong'
  if (bugs !== `${repository.url}/issues`) yield 'bugs is wrong'
  if (typeof author !== 'string') yield 'author is missing'
  if (!(keywords?.length >= 4)) yield 'package.json has fewer than four keywords'
  if (devDependencies !== undefined) yield 'package.json names what only development needs'
}

/** npm shows it, where a relative link leads nowhere. */
function* problemsOfReadme(readme) {
  const prose = readme.replaceAll(/^```[^]*?^```/gm, '')
  for (const [, link] of prose.matchAll(/\]\(([^)\s]+)/g)) {
    if (!/^(?:https:|#)/.test(link)) yield `README.md has the link ${link}, which is not absolute`
  }
}

/** The packages whose code is in these files: the bundler names the file of each part. */
function bundledIn(code) {
  const found = code.flatMap((each) => [
    ...each.matchAll(/^\/\/.*node_modules\/((?:@[^/\s]+\/)?[^@./\s][^/\s]*)\//gm),
  ])
  return new Set(found.map(([, name]) => name))
}

/** The packages whose types these declarations import. */
function packagesIn(declarations) {
  const code = declarations.map((each) => each.replaceAll(/\/\*.*?\*\//gs, ''))
  const imported = code.flatMap((each) => [...each.matchAll(/(?:from |import |import\()'([^.'][^']*)'/g)])
  const names = imported.map(([, id]) => {
    return id.startsWith('node:') ? '@types/node' : id.split('/', id.startsWith('@') ? 2 : 1).join('/')
  })
  return new Set(names)
}

function declares({ name: own, dependencies, peerDependencies }, name) {
  return name === own || Object.hasOwn({ ...dependencies, ...peerDependencies }, name)
}

function run(command, parameters, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { cwd, encoding: 'utf8' })
  return { ok: status === 0, output: error?.message ?? `${stdout}${stderr}`.trim() }
}

function report(name, { ok, output }) {
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}`)
  if (ok) {
    passed++
    return
  }
  failed++
  console.log(output.replaceAll(/^/gm, '         '))
}
