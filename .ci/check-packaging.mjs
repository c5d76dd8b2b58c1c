// Checks what a user would install: packs every public package and checks the tarball with publint, with attw ("are the types wrong") and for
// required and forbidden files. Run after a build, through pnpm.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules', '.bin')
const temporary = mkdtempSync(join(tmpdir(), 'packaging-'))
let passed = 0
let failed = 0

const manifests = readdirSync(join(root, 'packages'))
  .map((folder) => join(root, 'packages', folder, 'package.json'))
  .filter((file) => existsSync(file))
  .map((file) => ({ source: dirname(file), ...JSON.parse(readFileSync(file, 'utf8')) }))
const privateNames = manifests.filter((manifest) => manifest.private === true).map(({ name }) => name)

try {
  for (const manifest of manifests) {
    if (manifest.private !== true) checkPackage(basename(manifest.source), manifest.source)
  }
} finally {
  rmSync(temporary, { recursive: true })
}
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0 || passed === 0) process.exitCode = 1

function checkPackage(folder, source) {
  const destination = join(temporary, folder)
  mkdirSync(destination)
  const packing = run('pnpm', ['pack', '--pack-destination', destination], source)
  const tarball = readdirSync(destination).find((name) => name.endsWith('.tgz'))
  report(`${folder}: pnpm pack`, packing)
  if (tarball === undefined) return
  const path = join(destination, tarball)
  report(`${folder}: publint`, run(join(bin, 'publint'), [path, '--strict'], root))
  // Without looking up an @types package in the registry: these packages include their types. All kinds of resolution but that of before `exports`.
  const attw = ['--profile', 'node16', '--no-definitely-typed', '--no-emoji', '--format', 'ascii', path]
  report(`${folder}: attw`, run(join(bin, 'attw'), attw, root))
  run('tar', ['-xzf', tarball], destination)
  const problems = [...problemsOfContents(join(destination, 'package'))]
  report(`${folder}: contents`, { ok: problems.length === 0, output: problems.join('\n') })
}

function* problemsOfContents(folder) {
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

  for (const file of ['LICENSE', 'README.md']) if (!files.includes(file)) yield `${file} is missing`
  if (manifest.license !== 'MIT') yield `the license is ${manifest.license}`
  if (manifest.files === undefined) yield 'package.json has no "files"'
  if (/"(?:workspace|catalog):/.test(text('package.json')))
    yield 'package.json has a version range that only pnpm understands'
  // Those of CommonJS: the others also exist for files that no entry needs.
  for (const name of packagesIn(files.filter((file) => file.endsWith('.d.cts')).map(text))) {
    if (!declares(manifest, name)) yield `the types need ${name}, which package.json does not name`
  }
  for (const file of files) {
    if (/\.test\.|(?:^|\/)(?:test|tests|__tests__)\//.test(file)) yield `${file} is a test`
    if (file.endsWith('.tsbuildinfo')) yield `${file} is only useful for builds`
    if (file.startsWith('src/') && !declaresSources) yield `${file} is a source`
    if (/\.(?:c?js|d\.cts)$/.test(file)) {
      const name = privateNames.find(
        (each) => text(file).includes(`'${each}/`) || text(file).includes(`"${each}/`),
      )
      if (name !== undefined) yield `${file} imports ${name}, which is not published`
    }
    // Source maps to missing sources make bundlers and debuggers complain.
    if (file.endsWith('.map')) {
      const { sources, sourcesContent } = JSON.parse(text(file))
      const missing = sources.find(
        (source, index) =>
          typeof sourcesContent?.[index] !== 'string' &&
          !files.includes(posix.normalize(posix.join(dirname(file), source))),
      )
      if (missing !== undefined) yield `${file} maps to ${missing}, which is not in the package`
    }
  }
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
