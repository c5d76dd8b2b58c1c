import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'

const DECLARATION = /\.d\.ts$/

/** Where a package has the declarations of private packages, which are not published. */
const PRIVATE = 'private'

/**
 * Copies the declarations of private packages that those of a package import, and imports the copies.
 *
 * @param privateNames of packages, by their folder.
 */
export function copyPrivateDeclarations(dist, privateNames) {
  for (const file of filesIn(dist)) {
    if (DECLARATION.test(file)) importCopies(dist, file, privateNames)
  }
}

function importCopies(dist, file, privateNames) {
  const path = join(dist, file)
  const text = readFileSync(path, 'utf8')
  let copied = text
  for (const [folder, name] of privateNames) {
    copied = copied.replaceAll(new RegExp(`(?<=')${name}/([^']+)(?=')`, 'g'), (_all, module) => {
      const copy = posix.join(PRIVATE, folder, `${module}.d.ts`)
      const target = join(dist, copy)
      mkdirSync(dirname(target), { recursive: true })
      cpSync(join(dist, '../..', folder, 'dist', `${module}.d.ts`), target)
      importCopies(dist, copy, privateNames)
      const specifier = relative(dirname(path), target).replaceAll(sep, '/').replace(DECLARATION, '.ts')
      return specifier.startsWith('.') ? specifier : `./${specifier}`
    })
  }
  if (copied !== text) writeFileSync(path, copied)
}

/**
 * Writes the declarations that entries need once more, as those of CommonJS: `moduleResolution: node16` reads them for `require`.
 *
 * @param entries their paths in `dist`, without a suffix.
 */
export function writeCommonjsDeclarations(dist, entries) {
  const written = new Set(entries)
  for (const name of written) {
    const text = readFileSync(join(dist, `${name}.d.ts`), 'utf8').replaceAll(
      /(?<=(?:from |import |import\()')(\..+?)\.ts(?=')/g,
      (_all, path) => {
        written.add(posix.join(posix.dirname(name), path))
        return `${path}.cts`
      },
    )
    writeFileSync(join(dist, `${name}.d.cts`), text.replace(/^\/\/# sourceMappingURL=.*\n?/m, ''))
  }
  for (const file of filesIn(dist)) {
    if (file.endsWith('.d.cts') && !written.has(file.slice(0, -'.d.cts'.length))) rmSync(join(dist, file))
  }
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true }).map((file) => file.replaceAll(sep, '/'))
}
