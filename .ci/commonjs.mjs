import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { writeCommonjsDeclarations } from './commonjs-declarations.mjs'

// The CommonJS build, for tools that cannot load modules with `require`: Jest, above all. It only runs on Node.

/**
 * How the CommonJS build is written. It has no source maps, since Jest only reads those of files that it transforms. Without `__esModule` a
 * default import is the whole package, as it is of the modules.
 */
export const commonjsOutput = {
  format: 'cjs',
  exports: 'named',
  esModule: false,
  // Jest cannot run `import()`.
  dynamicImportInCjs: false,
  entryFileNames: '[name].cjs',
  chunkFileNames: 'chunks/[name].cjs',
}

/** The conditions by which the CommonJS build chooses files, in `imports` of package.json and in dependencies. */
export const COMMONJS_CONDITIONS = ['node', 'require', 'default']

/** Resolves imports: packages that are CommonJS remain imports, and those that are modules only are bundled, since Jest could not load them. */
export function commonjsResolution({ root, manifest, isPrivate }) {
  return {
    name: 'commonjs-resolution',
    async resolveId(imported, importer) {
      if (importer === undefined || /^[./\0]/.test(imported) || isPrivate(imported)) return undefined
      const id = importer.includes('node_modules') ? imported : importedAs(imported, manifest)
      const source = nameInDist(id)
      if (source !== undefined) return join(root, 'src', `${source}.ts`)
      if (isBuiltin(id) || id.startsWith('@kube-authn/')) return { id, external: true }
      const found = await this.resolve(id, importer, { kind: 'require-call', skipSelf: true })
      if (found === null) throw new Error(`${id}, which ${importer} imports, is not installed`)
      return isModule(found.id) ? found : { id, external: true }
    },
  }
}

/** A path that package.json names, in `dist` and without a suffix. */
function nameInDist(path) {
  return /^\.\/dist\/(.+)\.js$/.exec(path)?.[1]
}

/** Writes the CommonJS declarations of a package whose entries have these paths. */
export function writeDeclarations(root, manifest, entries) {
  writeCommonjsDeclarations(join(root, 'dist'), entries, (id) => nameInDist(importedAs(id, manifest)))
}

/** What an internal name such as `#jws` stands for; any other name stands for itself. */
function importedAs(id, { imports }) {
  return id.startsWith('#') ? targetOf(imports[id]) : id
}

function targetOf(value) {
  if (typeof value === 'string') return value
  return targetOf(Object.entries(value).find(([condition]) => COMMONJS_CONDITIONS.includes(condition))[1])
}

function isModule(file) {
  if (/\.[cm]js$/.test(file)) return file.endsWith('.mjs')
  return manifestAbove(file).manifest.type === 'module'
}

/** The manifest of the package that has a file, which is not always the next one: some folders only have a type. */
function manifestAbove(file) {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const path = join(folder, 'package.json')
    if (existsSync(path)) return { folder, manifest: JSON.parse(readFileSync(path, 'utf8')) }
  }
}

/** Writes the licenses of the packages that the CommonJS build contains. */
export function writeLicenses(root, chunks) {
  const file = join(root, 'dist', 'LICENSES.txt')
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds).filter((id) => id.includes('node_modules'))
  const packages = new Map(modules.map((id) => packageOf(id)).map((each) => [each.folder, each]))
  const texts = [...packages.values()].map(({ folder, manifest }) => {
    const license = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
    if (license === undefined) throw new Error(`${manifest.name} has no license file`)
    return `${manifest.name} ${manifest.version}\n\n${readFileSync(join(folder, license), 'utf8').trim()}\n`
  })
  if (texts.length === 0) rmSync(file, { force: true })
  else writeFileSync(file, `The CommonJS files contain code of these packages.\n\n${texts.join('\n\n')}`)
}

function packageOf(file) {
  const found = manifestAbove(file)
  return found.manifest.name === undefined ? packageOf(found.folder) : found
}
