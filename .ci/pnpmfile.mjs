import { publishedManifest } from './published-manifest.mjs'

// pnpm calls it when it packs or publishes a package.
export const hooks = { beforePacking: publishedManifest }
