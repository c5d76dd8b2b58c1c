import { repository } from './repository.mjs'

/**
 * The package.json that is published. In the workspace `exports` names the modules only; here each entry also names its CommonJS file. It also says
 * where the package comes from, which npm compares with the provenance of the release, and nothing of what only its own development needs.
 *
 * Everything that can load modules gets the module, also for `require`, so that an app has one copy of each class, symbol and cache: Node.js and
 * Deno (`module-sync`), Bun (`bun`), and bundlers (`module`). What is left with `require` is Jest, and TypeScript when it reads the types of `require`.
 */
export function publishedManifest(manifest) {
  const exports = Object.entries(manifest.exports).map(([entry, target]) => [entry, conditionsOf(target)])
  const published = { ...manifest, ...originOf(manifest.name), exports: Object.fromEntries(exports) }
  delete published.devDependencies
  return published
}

/** Every folder in `packages` has the name of its package, without the scope. */
function originOf(name) {
  return {
    homepage: repository.site,
    bugs: `${repository.url}/issues`,
    repository: { type: 'git', url: repository.git, directory: `packages/${name.split('/')[1]}` },
    author: repository.author,
  }
}

function conditionsOf(target) {
  if (!target.endsWith('.js')) return target
  const commonjs = target.replace(/\.js$/, '.cjs')
  return { 'module-sync': target, module: target, bun: target, require: commonjs, default: target }
}
