// Bundles the code of every package into `dist`, next to the declarations of `tsc`: a file for each entry, and chunks that entries share, so that a
// class or symbol exists once. Imports of other packages and of `imports` names stay imports, except those of private packages, which are bundled.
//
// usage: node .ci/bundle.mjs
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isAbsolute, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { chunksOf, entryFor, hostsOf } from './chunks.mjs'
import {
  COMMONJS_CONDITIONS,
  commonjsOutput,
  commonjsResolution,
  writeDeclarations,
  writeLicenses,
} from './commonjs.mjs'
import { hostedEntries } from './hosted-entries.mjs'
import { pureInitializers } from './pure-initializers.mjs'

/** Entries besides those of package.json: files that are started by a path relative to the file that starts them, and files that are loaded late. */
const FURTHER_ENTRIES = {
  core: {
    'chunks/password-worker': './src/password/workers/password-worker.ts',
    'authorization/request-attributes': './src/authorization/request-attributes.ts',
    'adapter/incoming-message/index': './src/adapter/incoming-message/index.ts',
    'internal/protobuf/index': './src/internal/protobuf/index.ts',
    'internal/yaml/index': './src/internal/yaml/index.ts',
  },
}

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
  const root = join(packages, folder)
  const manifest = manifests.get(folder)
  const { exports, imports = {}, bin = {} } = manifest
  const { plugin, ...names } = hostedEntries(hostsOf[folder] ?? {})
  const modules = await write(folder, {
    input: { ...entriesIn([exports, imports, bin]), ...FURTHER_ENTRIES[folder] },
    external: (id) => !id.startsWith('.') && !isAbsolute(id) && !id.startsWith('\0') && !isPrivate(id),
    // Declarations and source maps have the documentation: V8 would read it at each start.
    output: { format: 'esm', sourcemap: true, comments: { jsdoc: false }, ...names },
    plugins: [plugin],
  })
  const commonjs = await write(folder, {
    input: entriesIn(exports),
    platform: 'node',
    resolve: { conditionNames: COMMONJS_CONDITIONS },
    plugins: [commonjsResolution({ root, manifest, isPrivate })],
    output: commonjsOutput,
  })
  removeOtherCode(join(root, 'dist'), new Set([...modules, ...commonjs].map(({ fileName }) => fileName)))
  writeDeclarations(root, manifest, Object.keys(entriesIn(exports)))
  writeLicenses(root, commonjs)
}

/** Bundles a package in one format. */
async function write(folder, { output, plugins = [], ...options }) {
  const bundle = await rolldown({
    platform: 'neutral',
    ...options,
    cwd: join(packages, folder),
    plugins: [...plugins, pureInitializers()],
    treeshake: { moduleSideEffects: (id, isExternal) => isExternal || SIDE_EFFECTS.test(id) },
    // Timings are not meaningful on a busy machine.
    checks: { bundlerTimings: false },
    onLog(level, { code, message }) {
      // An entry with only declarations has no code.
      if (level === 'warn' && code !== 'EMPTY_CHUNK') throw new Error(`packages/${folder}: ${message}`)
    },
  })
  const { output: files } = await bundle.write({
    ...output,
    dir: 'dist',
    paths: (id) => entryFor(folder, id),
    codeSplitting: { groups: groupsOf(chunksOf[folder] ?? []) },
  })
  await bundle.close()
  for (const file of files)
    if (file.type === 'chunk') escapeOtherThanAscii(join(packages, folder, 'dist'), file)
  return files
}

/** Node reads a file faster if it is all ASCII, which few characters in strings would prevent. Rolldown writes them without escapes. */
function escapeOtherThanAscii(dist, { fileName, code }) {
  const ascii = code.replaceAll(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  if (ascii !== code) writeFileSync(join(dist, fileName), ascii)
}

function isPrivate(id) {
  return privateNames.some((name) => id.startsWith(`${name}/`))
}

/** The files in `dist` that these parts of package.json refer to, publicly or by an internal condition, with their sources. */
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

/** Chunks in the order of their layers: the first one that matches a module gets it, with its imports. */
function groupsOf(chunks) {
  return chunks.map((chunk, index) => ({ minShareCount: 2, ...chunk, priority: chunks.length - index }))
}

/** Removes files of an earlier build, which would be packed too. */
function removeOtherCode(dist, written) {
  for (const file of readdirSync(dist, { recursive: true })) {
    if (/\.(?:js(?:\.map)?|cjs)$/.test(file) && !written.has(file.replaceAll(sep, '/')))
      rmSync(join(dist, file))
  }
}
