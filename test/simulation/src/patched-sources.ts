import type { InitializeHook, LoadHook } from 'node:module'

/** A text of the build, and what takes its place. */
export type Replaced = readonly (readonly [from: string, to: string])[]

let replaced: Replaced = []

/** Hooks of the loader: modules of the packages are loaded with these replacements. */
export const initialize: InitializeHook<Replaced> = (given) => {
  replaced = given
}

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context)
  if (!/\/packages\/(core|login|node|server|store)\/dist\//.test(url)) return loaded
  const source = Buffer.from(loaded.source as Uint8Array).toString()
  // A function, since a string may have `$`.
  return { ...loaded, source: replaced.reduce((text, [from, to]) => text.replace(from, () => to), source) }
}
