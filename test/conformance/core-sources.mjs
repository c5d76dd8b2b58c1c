import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

/**
 * What modules of the core export that no entry does, all in one: a build has no files of their own for them.
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
