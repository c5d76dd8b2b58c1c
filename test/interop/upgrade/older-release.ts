import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Scratch } from '../scratch.ts'

/** Until there is a release: the commit before replicas of two versions could share a store. Its tables are those of today; it would refuse newer ones, so take a later commit when they change. */
const COMMIT = '8af3ce381db4fef9e30912499baed7bb3f3d90d2'
const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Whether it can be built: `false` in a clone without the history, which is printed. */
export function hasOlderRelease(): boolean {
  const { status } = spawnSync('git', ['-C', root, 'cat-file', '-e', `${COMMIT}^{commit}`])
  if (status !== 0) console.log(`skipped, commit ${COMMIT} is missing: the clone has no history`)
  return status === 0
}

/** Builds it with the packages that are installed here. @returns its command. */
export async function buildOlderRelease(scratch: Scratch): Promise<string> {
  await scratch.shell(
    `git -C "$ROOT" archive "$COMMIT" .ci packages package.json tsconfig.base.json | tar -x
    ln -s "$ROOT/node_modules" node_modules
    for folder in packages/*; do
      [ ! -d "$ROOT/$folder/node_modules" ] || cp -a "$ROOT/$folder/node_modules" "$folder"
    done
    node .ci/bundle.mjs`,
    { ROOT: root, COMMIT, NODE_OPTIONS: '--max-old-space-size=512' },
    'older',
  )
  return scratch.path('older/packages/server/dist/cli/main.js')
}
