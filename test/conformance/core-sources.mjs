import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const cwd = fileURLToPath(new URL('../../packages/core/src/', import.meta.url))
const { imports } = JSON.parse(readFileSync(new URL('../package.json', `file://${cwd}`), 'utf8'))

/** The source of what a name in `imports` of package.json stands for in bundles for Node; `undefined` for a package. */
function sourceOf(name) {
  let target = imports[name]
  while (typeof target === 'object') target = target.node ?? target.module ?? target.default
  const path = /^\.\/dist\/(.+)\.js$/.exec(target)?.[1]
  return path && `${cwd}${path}.ts`
}

/**
 * Bundles exports of core modules that no entry exports: a build has no separate files for them.
 *
 * @param paths below `packages/core/src`.
 */
export async function coreSources(...paths) {
  const bundle = await rolldown({
    cwd,
    input: 'sources',
    platform: 'node',
    plugins: [
      {
        name: 'sources',
        resolveId: (id) =>
          id === 'sources' ? `${cwd}sources.ts` : id.startsWith('#') ? sourceOf(id) : undefined,
        load: (id) =>
          id === `${cwd}sources.ts` ? paths.map((path) => `export * from './${path}'`).join('\n') : undefined,
      },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false })
  await bundle.close()
  return import(`data:text/javascript,${encodeURIComponent(output[0].code)}`)
}
