import { nodeBuiltin } from './node-builtin.ts'

/** What is used of `node:module`. */
interface NodeModule {
  createRequire(from: string): (id: string) => unknown
}

/**
 * Loads a module when it is first needed, and at once, where an import would be either too early or a promise. Only on Node, which has
 * such a function; `imports` of package.json has another file for everything else, among that bundlers, which would not see the module.
 *
 * @param id a package, or a path relative to `from`.
 * @param from `import.meta.url`.
 */
export function onDemand(id: string, from: string): () => unknown {
  let loaded: unknown
  return () => {
    loaded ??= requireFrom(from)(id)
    return loaded
  }
}

function requireFrom(from: string): (id: string) => unknown {
  const found = nodeBuiltin('node:module') as NodeModule | undefined
  if (found === undefined) throw new Error('this runtime claims to be Node and has no node:module')
  return found.createRequire(from)
}
