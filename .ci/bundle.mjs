// Bundles the code of every package into `dist`, next to the declarations of `tsc`: a file for each entry, and chunks that entries share, so that a
// class or symbol exists once. Imports of other packages and of `imports` names stay imports, except those of private packages, which are bundled.
//
// usage: node .ci/bundle.mjs
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { isAbsolute, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { bundledIntoCommonjs, commonjsImports, writeLicenses } from './commonjs.mjs'

/** Entries besides those of package.json: what is started by the path of its file. */
const FURTHER_ENTRIES = { core: ['./dist/password/workers/password-worker.js'] }

/**
 * What every app with our packages needs is one file: all that these entries import. What other entries share is a file for each set of them, so that
 * a bundler finds no optional package that the app does not need.
 */
const BASE = ['internal', 'adapter', 'index'].map((name) => join('src', 'entries', `${name}.ts`))

/** Modules that are imported for their side effects. All others are tree-shaken. */
const SIDE_EFFECTS = /[\\/]packages[\\/]testing[\\/]src[\\/]pki[\\/]x509-library\.ts$/

const packages = fileURLToPath(new URL('../packages', import.meta.url))
const manifests = new Map(
  readdirSync(packages)
    .map((folder) => [folder, join(packages, folder, 'package.json')])
    .filter(([, manifest]) => existsSync(manifest))
    .map(([folder, manifest]) => [folder, JSON.parse(readFileSync(manifest, 'utf8'))]),
)
const privateNames = [...manifests.values()].filter((manifest) => manifest.private).map(({ name }) => name)
const folders = [...manifests.keys()].filter((folder) => !manifests.get(folder).private)
await Promise.all(folders.map((folder) => bundlePackage(folder)))

async function bundlePackage(folder) {
  const { exports, imports = {}, bin = {} } = manifests.get(folder)
  const modules = await write(folder, {
    input: entriesIn([exports, imports, bin, FURTHER_ENTRIES[folder] ?? []]),
    external: isPackage,
    output: { format: 'esm' },
  })
  // For tools that cannot load modules with `require`: Jest, above all. `import()` becomes `require`, since Jest cannot run it. Without `__esModule` a
  // default import is the whole package, as it is of the modules.
  const commonjs = await write(folder, {
    input: entriesIn(exports),
    platform: 'node',
    external: (id) => isPackage(id) && !id.startsWith('#') && !bundledIntoCommonjs(id),
    plugins: [commonjsImports(join(packages, folder), imports)],
    output: {
      format: 'cjs',
      exports: 'named',
      esModule: false,
      dynamicImportInCjs: false,
      entryFileNames: '[name].cjs',
      chunkFileNames: 'chunks/[name].cjs',
    },
  })
  const dist = join(packages, folder, 'dist')
  removeOtherCode(dist, new Set([...modules, ...commonjs].map(({ fileName }) => fileName)))
  writeLicenses(dist, commonjs)
}

/** Bundles a package in one format. */
async function write(folder, { output, ...options }) {
  const isBase = baseOf(join(packages, folder))
  const bundle = await rolldown({
    platform: 'neutral',
    ...options,
    cwd: join(packages, folder),
    treeshake: { moduleSideEffects: (id, isExternal) => isExternal || SIDE_EFFECTS.test(id) },
    // Timings are not meaningful on a busy machine.
    checks: { bundlerTimings: false },
    onLog(level, { code, message }) {
      // An entry with only declarations has no code.
      if (level === 'warn' && code !== 'EMPTY_CHUNK') throw new Error(`packages/${folder}: ${message}`)
    },
  })
  const { output: files } = await bundle.write({
    chunkFileNames: 'chunks/[name].js',
    ...output,
    dir: 'dist',
    // For the tests that ask which files run. They are not packed, and no code refers to them.
    sourcemap: 'hidden',
    codeSplitting: { groups: [{ name: (id, graph) => (isBase(id, graph) ? 'base' : null) }] },
    // The documentation is in the declarations.
    comments: { jsdoc: false },
  })
  await bundle.close()
  return files
}

/** Whether a module is part of the base: an entry of it, or imported by a part. */
function baseOf(root) {
  const found = new Set(BASE.map((entry) => join(root, entry)))
  return function isBase(id, graph, seen = new Set()) {
    if (found.has(id)) return true
    if (seen.has(id)) return false
    seen.add(id)
    const importers = graph.getModuleInfo(id)?.importers ?? []
    const is = importers.some((importer) => isBase(importer, graph, seen))
    if (is) found.add(id)
    return is
  }
}

/** Whether an import is of another package, or a name in `imports` of package.json. */
function isPackage(id) {
  return !/^[.\0]/.test(id) && !isAbsolute(id) && !privateNames.some((name) => id.startsWith(`${name}/`))
}

/** The files in `dist` that these parts of package.json refer to, with their sources. */
function entriesIn(parts) {
  const targets = stringsIn(parts).flatMap((target) => {
    const name = /^\.\/dist\/(.+)\.js$/.exec(target)?.[1]
    return name === undefined ? [] : [[name, `./src/${name}.ts`]]
  })
  return Object.fromEntries(targets)
}

function stringsIn(value) {
  return typeof value === 'string' ? [value] : Object.values(value).flatMap(stringsIn)
}

/** Removes files of an earlier build, which would be packed too. */
function removeOtherCode(dist, written) {
  for (const file of readdirSync(dist, { recursive: true })) {
    if (/\.(?:c?js(?:\.map)?|d\.cts)$/.test(file) && !written.has(file.replaceAll(sep, '/')))
      rmSync(join(dist, file))
  }
}
