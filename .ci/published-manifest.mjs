/**
 * The package.json that is published. In the workspace `exports` names the modules only; here each entry also names its CommonJS file.
 *
 * Everything that can load modules gets the module, also for `require`, so that an app has one copy of each class, symbol and cache: Node.js and
 * Deno (`module-sync`), Bun (`bun`), and bundlers (`module`). What is left with `require` is Jest, and TypeScript when it reads the types of `require`.
 */
export function publishedManifest(manifest) {
  const exports = Object.entries(manifest.exports).map(([entry, target]) => [entry, conditionsOf(target)])
  return { ...manifest, exports: Object.fromEntries(exports) }
}

function conditionsOf(target) {
  if (!target.endsWith('.js')) return target
  const commonjs = target.replace(/\.js$/, '.cjs')
  return { 'module-sync': target, module: target, bun: target, require: commonjs, default: target }
}
