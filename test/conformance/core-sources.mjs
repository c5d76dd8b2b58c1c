import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

/**
 * Bundles exports of core modules that no entry exports: a build has no separate files for them.
 *
 * @param paths below `packages/core/src`.
 */
export async function coreSources(...paths) {
  const cwd = fileURLToPath(new URL('../../packages/core/src/', import.meta.url))
  const bundle = await rolldown({
    cwd,
    input: 'sources',
    platform: 'node',
    plugins: [
      {
        name: 'sources',
        resolveId: (id) => (id === 'sources' ? `${cwd}sources.ts` : undefined),
        load: (id) =>
          id === `${cwd}sources.ts` ? paths.map((path) => `export * from './${path}'`).join('\n') : undefined,
      },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false })
  await bundle.close()
  return import(`data:text/javascript,${encodeURIComponent(output[0].code)}`)
}
