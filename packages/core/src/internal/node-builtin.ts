interface MaybeNode {
  readonly process?: { getBuiltinModule?(id: string): unknown }
}

/**
 * A built-in module of Node if the runtime has it, which Deno and Bun do too. Loaded without an import, so that bundlers for other
 * runtimes have nothing to resolve.
 */
export function nodeBuiltin(id: `node:${string}`): unknown {
  return (globalThis as MaybeNode).process?.getBuiltinModule?.(id)
}
