import { nodeBuiltin } from './node-builtin.ts'

/** The members of `node:module` that are used. */
interface NodeModule {
  createRequire(from: string): (id: string) => unknown
}

/**
 * Loads a module synchronously on first use; a static import would be too early, and a dynamic one asynchronous. Only for Node; `imports` of
 * package.json selects another file for other runtimes and for bundlers, which would not see the module.
 *
 * @param id a package, or a path relative to `from`.
 * @param from returns `import.meta.url`, for which Node loads a module of its own.
 */
export function onDemand(id: string, from: () => string): () => unknown {
  let loaded: unknown
  return () => {
    loaded ??= requireFrom(from())(id)
    return loaded
  }
}

function requireFrom(from: string): (id: string) => unknown {
  const found = nodeBuiltin('node:module') as NodeModule | undefined
  if (found === undefined) throw new Error('this runtime claims to be Node and has no node:module')
  return found.createRequire(from)
}
