import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/**
 * Makes the declarations of a packed package those of CommonJS, `.d.cts`, which `moduleResolution: node16` reads for `require`. The `.d.ts` of an entry only
 * exports them once more: a module may import CommonJS, but not the reverse. What no entry needs is removed.
 *
 * @param manifest its package.json.
 */
export function shareDeclarations(folder, { exports, imports = {} }) {
  const entries = stringsIn(exports).flatMap((target) => /^\.\/(.+)\.js$/.exec(target)?.[1] ?? [])
  const written = new Set(entries)
  for (const name of written) {
    const text = readFileSync(join(folder, `${name}.d.ts`), 'utf8').replaceAll(
      /(?<=(?:from |import |import\()')(?:(\.[^']+)\.[jt]s|(#[^']+))(?=')/g,
      (_all, relative, internal) => {
        const path = relative ?? `./${posix.relative(posix.dirname(name), fileOf(imports[internal]))}`
        written.add(posix.join(posix.dirname(name), path))
        return `${path}.cjs`
      },
    )
    writeFileSync(join(folder, `${name}.d.cts`), text.replace(/^\/\/# sourceMappingURL=.*\n?/m, ''))
  }
  for (const file of readdirSync(join(folder, 'dist'), { recursive: true }))
    if (file.endsWith('.d.ts')) rmSync(join(folder, 'dist', file))
  for (const name of new Set(entries)) {
    const file = `./${posix.basename(name)}.cjs`
    writeFileSync(join(folder, `${name}.d.ts`), `export * from '${file}'\n`)
  }
  removeEmptyFolders(join(folder, 'dist'))
}

/** The file that a name in `imports` stands for in types, without a suffix. */
function fileOf(target) {
  const file = stringsIn(target).find((each) => each.startsWith('./'))
  return file.slice(2).replace(/\.js$/, '')
}

function stringsIn(value) {
  return typeof value === 'string' ? [value] : Object.values(value).flatMap(stringsIn)
}

function removeEmptyFolders(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const path = join(folder, entry.name)
    removeEmptyFolders(path)
    if (readdirSync(path).length === 0) rmSync(path, { recursive: true })
  }
}
