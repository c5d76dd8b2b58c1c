/**
 * Loads a package synchronously when it is first needed, which is only possible on Node. On other runtimes, and in bundles of apps, `imports` of
 * package.json selects a file that imports the package.
 *
 * @param load `require` of the file that calls.
 * @throws {Error} if the package is not installed.
 */
export function requirePackage(load: (id: string) => unknown, id: string): unknown {
  try {
    return load(id)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'MODULE_NOT_FOUND')) throw cause
    const name = id.split('/', id.startsWith('@') ? 2 : 1).join('/')
    throw new Error(`the package ${name} is not installed: npm install ${name}`, { cause })
  }
}
