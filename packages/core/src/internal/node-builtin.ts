interface MaybeNode {
  readonly process?: { getBuiltinModule?(id: string): unknown }
}

/**
 * A module of Node's where the runtime has it, as Deno and Bun do too. Found without an import, so that bundlers for other
 * runtimes have nothing to resolve.
 */
export function nodeBuiltin(id: `node:${string}`): unknown {
  return (globalThis as MaybeNode).process?.getBuiltinModule?.(id)
}
