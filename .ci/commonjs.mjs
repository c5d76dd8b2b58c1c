import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// What the CommonJS build does besides.

/** Dependencies that are only modules, which Jest could not load with `require`. */
const ONLY_MODULES = ['@noble/hashes', 'jose', 'oauth4webapi']

/** Whether an import is bundled, although it is of another package. */
export function bundledIntoCommonjs(id) {
  return ONLY_MODULES.some((name) => id === name || id.startsWith(`${name}/`))
}

/** Resolves names in `imports` of package.json to the sources of what they stand for on Node. */
export function commonjsImports(root, imports) {
  return {
    name: 'commonjs-imports',
    resolveId(id) {
      if (!id.startsWith('#')) return undefined
      const target = onNode(imports[id])
      const source = /^\.\/dist\/(.+)\.js$/.exec(target)?.[1]
      return source === undefined ? { id: target, external: true } : join(root, 'src', `${source}.ts`)
    },
  }
}

function onNode(target) {
  return typeof target === 'string' ? target : onNode(target.node ?? target.default)
}

/** Writes the licenses of the packages that the CommonJS build contains. */
export function writeLicenses(dist, chunks) {
  const file = join(dist, 'LICENSES.txt')
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds)
  const folders = modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [])
  const texts = [...new Set(folders)].map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const license = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
    if (license === undefined) throw new Error(`${name} has no license file`)
    return `${name} ${version}\n\n${readFileSync(join(folder, license), 'utf8').trim()}\n`
  })
  if (texts.length > 0)
    writeFileSync(file, `The CommonJS files contain code of these packages.\n\n${texts.join('\n\n')}`)
  else if (existsSync(file)) rmSync(file)
}
