import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, posix, sep } from 'node:path'

/**
 * Writes the declarations that entries need once more, as those of CommonJS: `moduleResolution: node16` reads them for `require`.
 *
 * @param entries their paths in `dist`, without a suffix.
 * @param pathOf the same of an internal name such as `#jws`.
 */
export function writeCommonjsDeclarations(dist, entries, pathOf) {
  const written = new Set(entries)
  for (const name of written) {
    const text = readFileSync(join(dist, `${name}.d.ts`), 'utf8').replaceAll(
      /(?<=(?:from |import |import\()')(?:(\.[^']+)\.ts|(#[^']+))(?=')/g,
      (_all, relative, internal) => {
        const path = relative ?? `./${posix.relative(posix.dirname(name), pathOf(internal))}`
        written.add(posix.join(posix.dirname(name), path))
        return `${path}.cts`
      },
    )
    writeFileSync(join(dist, `${name}.d.cts`), text.replace(/^\/\/# sourceMappingURL=.*\n?/m, ''))
  }
  for (const file of readdirSync(dist, { recursive: true })) {
    const name = /^(.+)\.d\.cts$/.exec(file.replaceAll(sep, '/'))?.[1]
    if (name !== undefined && !written.has(name)) rmSync(join(dist, file))
  }
}
