// Bundles the code of every package into `dist`, beside the declarations of `tsc`: a file for each entry, and the chunks that entries
// share, so that a class or a symbol is there once. Imports of other packages stay imports, and so do the names of `imports`.
//
// usage: node .ci/bundle.mjs
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { isAbsolute, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { chunksOf, inOneFile } from './chunks.mjs'
import { pureInitializers } from './pure-initializers.mjs'

/** Entries beside those of package.json: what is started by its path, which is beside the file that starts it. */
const FURTHER_ENTRIES = {
  core: { 'chunks/password-worker': './src/password/workers/password-worker.ts' },
}

/** Modules that are imported for what they do. Of all others only what is used stays. */
const SIDE_EFFECTS = /[\\/]packages[\\/]testing[\\/]src[\\/]pki[\\/]x509-library\.ts$/

const packages = fileURLToPath(new URL('../packages', import.meta.url))
const folders = readdirSync(packages).filter((folder) => existsSync(join(packages, folder, 'package.json')))
const inAll = entriesInAll()
await Promise.all(folders.map((folder) => bundlePackage(folder)))

async function bundlePackage(folder) {
  const root = join(packages, folder)
  const bundle = await rolldown({
    cwd: root,
    input: { ...entriesOf(root), ...FURTHER_ENTRIES[folder] },
    external: (id) => !id.startsWith('.') && !isAbsolute(id) && !id.startsWith('\0'),
    platform: 'neutral',
    plugins: [pureInitializers()],
    treeshake: { moduleSideEffects: (id, isExternal) => isExternal || SIDE_EFFECTS.test(id) },
    // A busy machine takes its time.
    checks: { bundlerTimings: false },
    onLog(level, { code, message }) {
      // An entry of declarations only has no code.
      if (level === 'warn' && code !== 'EMPTY_CHUNK') throw new Error(`packages/${folder}: ${message}`)
    },
  })
  const { output } = await bundle.write({
    dir: 'dist',
    format: 'esm',
    sourcemap: true,
    paths: (id) => (inOneFile.includes(folder) && inAll.has(id) ? '@kube-authn/core/all' : id),
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: { groups: groupsOf(chunksOf[folder] ?? []) },
  })
  await bundle.close()
  removeOtherCode(join(root, 'dist'), new Set(output.map(({ fileName }) => fileName)))
}

/** The entries of the core that `@kube-authn/core/all` has. */
function entriesInAll() {
  const source = readFileSync(join(packages, 'core/src/all.ts'), 'utf8')
  const files = new Set([...source.matchAll(/'\.\/(.+)\.ts'/g)].map(([, file]) => `./dist/${file}.js`))
  const { exports } = JSON.parse(readFileSync(join(packages, 'core/package.json'), 'utf8'))
  const entries = Object.entries(exports).filter(([, target]) => files.has(target))
  return new Set(entries.map(([entry]) => `@kube-authn/core${entry.slice(1)}`))
}

/** What package.json names in `dist`, for its users or by a condition for itself, with the source of each. */
function entriesOf(root) {
  const { exports, imports = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const targets = [exports, imports].flatMap(stringsIn).flatMap((target) => {
    const name = /^\.\/dist\/(.+)\.js$/.exec(target)?.[1]
    return name === undefined ? [] : [[name, `./src/${name}.ts`]]
  })
  return Object.fromEntries(targets)
}

function stringsIn(value) {
  return typeof value === 'string' ? [value] : Object.values(value).flatMap(stringsIn)
}

/** Chunks in the order of their layers: the first one that wants a module has it, and what it imports. */
function groupsOf(chunks) {
  return chunks.map((chunk, index) => ({ minShareCount: 2, ...chunk, priority: chunks.length - index }))
}

/** What an earlier build left, which would be packed too. */
function removeOtherCode(dist, written) {
  for (const file of readdirSync(dist, { recursive: true })) {
    if (/\.js(?:\.map)?$/.test(file) && !written.has(file.replaceAll(sep, '/'))) rmSync(join(dist, file))
  }
}
